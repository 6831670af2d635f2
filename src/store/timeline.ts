import type { TimelineEvent } from "../domain/preview.ts";
import type { Database } from "./database.ts";

/** What happened in each deployment, and how long it took. */
export function createTimelineStore(database: Database) {
  return {
    of: (preview: string): TimelineEvent[] =>
      database
        .all("select * from timeline where preview = ? order by generation, started_at, name", preview)
        .map(parse),

    /** What was not ended (we were killed, or it waits for somebody else) goes on since it first began. */
    begin(event: Pick<TimelineEvent, "preview" | "generation" | "name">, now: number): void {
      database.run(
        `insert into timeline (preview, generation, name, started_at, outcome) values (?, ?, ?, ?, 'running')
         on conflict do update set started_at = iif(outcome = 'running', started_at, excluded.started_at),
           ended_at = null, outcome = 'running', detail = null`,
        event.preview,
        event.generation,
        event.name,
        now,
      );
    },

    end(event: Pick<TimelineEvent, "preview" | "generation" | "name" | "outcome" | "detail">, now: number): void {
      database.run(
        "update timeline set ended_at = ?, outcome = ?, detail = ? where preview = ? and generation = ? and name = ?",
        now,
        event.outcome,
        event.detail,
        event.preview,
        event.generation,
        event.name,
      );
    },

    /** What older generations had begun goes on no more. */
    abort: (preview: string, below: number, now: number): number =>
      database.run(
        `update timeline set ended_at = ?, outcome = 'aborted'
         where preview = ? and generation < ? and outcome = 'running'`,
        now,
        preview,
        below,
      ),
  };
}

function parse(row: Record<string, unknown>): TimelineEvent {
  return {
    preview: row["preview"] as string,
    generation: row["generation"] as number,
    name: row["name"] as string,
    startedAt: row["started_at"] as number,
    endedAt: row["ended_at"] as number | null,
    outcome: row["outcome"] as TimelineEvent["outcome"],
    detail: row["detail"] as string | null,
  };
}
