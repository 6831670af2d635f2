import type { CheckResult, CheckState } from "../domain/check.ts";

/** How a check ended; `how` goes on after its name. The newest lines that it wrote, oldest first. */
export type CheckEnd = { passed: boolean; how: string; lines: string[] };

/** What came of checks. */
export type Checks = {
  of(key: string): CheckResult[];
  begin(check: { preview: string; generation: number; name: string; required: boolean }): void;
  end(check: {
    preview: string;
    generation: number;
    name: string;
    state: Exclude<CheckState, "running">;
    detail: string | null;
    log: readonly string[];
  }): void;
  /** What goes on in attempts below one, or in all but one, is ended without a result; answers how many there were. */
  stop(key: string, which: { below: number } | { but: number | null }): number;
};
