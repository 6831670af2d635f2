import type { CheckResult } from "../domain/check.ts";

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
    state: "passed" | "failed";
    detail: string | null;
    log: readonly string[];
  }): void;
  /** What goes on in attempts below `below` (all without it) is ended without a result; answers how many there were. */
  stop(key: string, below?: number): number;
};
