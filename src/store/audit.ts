import type { AuditEntry, AuditNote } from "../domain/audit.ts";
import type { Database } from "./database.ts";

/** Which entries: of one preview, since a time, at most so many. */
export type AuditFilter = { preview?: string; since?: number; limit: number };

/** Who did what, when. Rows are only added; the database itself refuses to change them, or to forget younger ones. */
export function createAuditStore(database: Database) {
  return {
    write(note: AuditNote, now: number): void {
      database.run(
        `insert into audit (at, actor_kind, actor, via, address, action, preview, outcome, detail)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        now,
        note.actor.kind,
        note.actor.name,
        note.via,
        note.address,
        note.action,
        note.preview,
        note.outcome,
        note.detail,
      );
    },

    /** Newest first. */
    list: ({ preview, since = 0, limit }: AuditFilter): AuditEntry[] =>
      (preview === undefined
        ? database.all("select * from audit where at >= ? order by id desc limit ?", since, limit)
        : database.all(
            "select * from audit where preview = ? and at >= ? order by id desc limit ?",
            preview,
            since,
            limit,
          )
      ).map(parse),

    /** Forgets what is older; the horizon only moves on. */
    forgetBefore: (time: number): void =>
      database.transaction(() => {
        database.run("update audit_horizon set kept_since = max(kept_since, ?)", time);
        database.run("delete from audit where at < ?", time);
      }),
  };
}

function parse(row: Record<string, unknown>): AuditEntry {
  return {
    at: row["at"] as number,
    actor: { kind: row["actor_kind"] as AuditEntry["actor"]["kind"], name: row["actor"] as string },
    via: row["via"] as AuditEntry["via"],
    address: row["address"] as string | null,
    action: row["action"] as string,
    preview: row["preview"] as string | null,
    outcome: row["outcome"] as AuditEntry["outcome"],
    detail: row["detail"] as string | null,
  };
}
