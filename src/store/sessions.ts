import type { Person } from "../domain/person.ts";
import type { Database } from "./database.ts";

/** Whose browser it is: one that was handed a token, or a person's. */
export type SessionOwner = { kind: "token"; sha256: string } | ({ kind: "person" } & Person);

/** Browsers that are signed in, by the hash of the random id in their cookie. */
export function createSessionStore(database: Database) {
  return {
    open(idSha256: string, owner: SessionOwner, expiresAt: number): void {
      database.run(
        "insert into sessions (id_sha256, owner, expires_at) values (?, ?, ?)",
        idSha256,
        JSON.stringify(owner),
        expiresAt,
      );
    },

    /** Null when there is none, or not any more. */
    ownerOf(idSha256: string, now: number): SessionOwner | null {
      const row = database.get("select owner from sessions where id_sha256 = ? and expires_at > ?", idSha256, now);
      return row === undefined ? null : (JSON.parse(row["owner"] as string) as SessionOwner);
    },

    close: (idSha256: string): number => database.run("delete from sessions where id_sha256 = ?", idSha256),

    forgetExpired: (now: number): number => database.run("delete from sessions where expires_at <= ?", now),
  };
}
