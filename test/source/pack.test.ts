import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { createWorld } from "./world.ts";

test("many who send the first commits of one directory at once are all served", async () => {
  await using world = await createWorld();
  const directory = join(world.folder, "work");
  mkdirSync(directory);
  const git = (args: string[], input?: string | Buffer) => execFileSync("git", args, { cwd: directory, input });
  git(["init", "--quiet"]);
  writeFileSync(join(directory, "compose.yaml"), "services: {}\n");
  git(["add", "."]);
  git(["-c", "user.name=Ann", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "Open"]);
  const commit = git(["rev-parse", "HEAD"]).toString().trim();
  const objects = git(["rev-list", "--objects", "--no-walk", commit]);
  const pack = git(["pack-objects", "--stdout", "-q"], objects);
  const source = world.source();
  const into = { repositoryId: 2 ** 52 + 1, commit };
  await Promise.all(Array.from({ length: 40 }, () => source.takePack(Readable.from([pack]), into)));
  const pull = { repository: "local-000000000000/work", repositoryId: into.repositoryId, number: 1 };
  await using checkout = await source.checkout(pull, commit);
  expect(checkout.list(".")).toEqual(["compose.yaml"]);
});
