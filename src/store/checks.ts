import type { CheckResult, CheckState } from "../domain/check.ts";
import type { Database } from "./database.ts";

type Moment = { preview: string; generation: number; name: string };

/** Of one check, the newest lines in so many characters. */
const logCharacters = 64 * 1024;
/** Logs of attempts before the newest ones are forgotten. */
const keptGenerations = 10;

/** What came of checks: one row for each in each attempt. */
export function createCheckStore(database: Database) {
  return {
    of: (preview: string): CheckResult[] =>
      database
        .all(
          `select generation, name, required, state, started_at, ended_at, detail from checks
           where preview = ? order by generation, started_at, name`,
          preview,
        )
        .map(parse),

    logOf(preview: string, generation: number, name: string): string[] {
      const row = database.get(
        "select log from checks where preview = ? and generation = ? and name = ?",
        preview,
        generation,
        name,
      );
      const log = row?.["log"];
      return typeof log === "string" && log !== "" ? log.split("\n") : [];
    },

    /** Begins it, or finds it begun (after a restart). */
    begin({ preview, generation, name, required }: Moment & { required: boolean }, now: number): void {
      database.run("delete from checks where preview = ? and generation < ?", preview, generation - keptGenerations);
      database.run(
        `insert into checks (preview, generation, name, required, state, started_at) values (?, ?, ?, ?, 'running', ?)
         on conflict do update set state = 'running', ended_at = null, detail = null where state <> 'passed'`,
        preview,
        generation,
        name,
        required ? 1 : 0,
        now,
      );
    },

    end(
      end: Moment & { state: Exclude<CheckState, "running">; detail: string | null; log: readonly string[] },
      now: number,
    ): void {
      database.run(
        `update checks set state = ?, ended_at = ?, detail = ?, log = ?
         where preview = ? and generation = ? and name = ? and state = 'running'`,
        end.state,
        now,
        end.detail,
        end.log.join("\n").slice(-logCharacters),
        end.preview,
        end.generation,
        end.name,
      );
    },

    /** What goes on in attempts below one, or in all but one, has no result any more; answers how many there were. */
    stop: (preview: string, which: { below: number } | { but: number | null }, now: number): number =>
      database.run(
        `update checks set state = 'stopped', ended_at = ? where preview = ? and state = 'running'
         and generation ${"below" in which ? "<" : "<>"} ?`,
        now,
        preview,
        "below" in which ? which.below : (which.but ?? 0),
      ),

    forget: (preview: string): number => database.run("delete from checks where preview = ?", preview),
  };
}

function parse(row: Record<string, unknown>): CheckResult {
  return {
    generation: row["generation"] as number,
    name: row["name"] as string,
    required: row["required"] === 1,
    state: row["state"] as CheckState,
    startedAt: row["started_at"] as number,
    endedAt: row["ended_at"] as number | null,
    detail: row["detail"] as string | null,
  };
}
