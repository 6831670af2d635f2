import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openSeedFile } from "../../src/data/seed/open.ts";
import { commitOf } from "./commit.ts";

test("a seed that is a link, or lies behind one, is not followed, also where it was one only when it is read", async () => {
  await using commit = commitOf({ "db/a.sql": "SELECT 1;", etc: "/etc" });
  symlinkSync("/etc/passwd", join(commit.root, "db/late.sql"));
  const source = { ...commit, special: [{ path: "etc", kind: "symbolic link" as const }] };
  {
    await using file = await openSeedFile(source, "db/a.sql");
    expect((await buffer(file.content)).toString()).toBe("SELECT 1;");
  }
  await expect(openSeedFile(source, "etc/passwd")).rejects.toThrow("etc is a symbolic link, which is not followed");
  await expect(openSeedFile(source, "db/late.sql")).rejects.toThrow("there is no db/late.sql in the repository");
  await expect(openSeedFile(source, "db")).rejects.toThrow("db is no regular file");
});
