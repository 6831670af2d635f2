import type { Scope, Token } from "../domain/token.ts";
import type { Database } from "./database.ts";

/** Tokens made at runtime, by name; only their hashes are here. */
export function createTokenStore(database: Database) {
  return {
    /** Oldest first. */
    all: (): Token[] => database.all("select * from tokens order by created_at, name").map(parse),

    /** False when the name is taken. */
    add: (token: Pick<Token, "name" | "sha256" | "scopes">, now: number): boolean =>
      database.run(
        "insert into tokens (name, sha256, scopes, created_at) values (?, ?, ?, ?) on conflict do nothing",
        token.name,
        token.sha256,
        token.scopes.join(","),
        now,
      ) === 1,

    /** False when there is none. */
    remove: (name: string): boolean => database.run("delete from tokens where name = ?", name) === 1,
  };
}

function parse(row: Record<string, unknown>): Token {
  return {
    name: row["name"] as string,
    sha256: row["sha256"] as string,
    scopes: (row["scopes"] as string).split(",") as Scope[],
    from: "runtime",
    createdAt: row["created_at"] as number,
  };
}
