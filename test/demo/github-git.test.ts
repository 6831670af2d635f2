import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repo, startStandIn, token, type StandIn } from "./stand-in.ts";

const run = promisify(execFile);

let it: StandIn;
beforeAll(async () => void (it = await startStandIn()));
afterAll(() => it[Symbol.asyncDispose]());

/** The commit of a ref, as `git ls-remote` is told it at the address that the API gives. */
async function remoteRef(name: string, ref: string, as: string | null): Promise<string | undefined> {
  const header = as === null ? [] : ["-c", `http.extraHeader=Authorization: Basic ${btoa(`x-access-token:${as}`)}`];
  const env = {
    PATH: process.env["PATH"],
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
  };
  const { stdout } = await run("git", [...header, "ls-remote", `${it.github.url}/${name}.git`, ref], { env });
  return stdout.split("\t")[0];
}

test("git is read at the same address as the pages, with refs/pull/N/head", async () => {
  const number = await it.open();
  const { sha } = (await it.github.pull(repo, number)).head;
  expect(await remoteRef(repo, `refs/pull/${number}/head`, token)).toBe(sha);
});

test("what is public needs no token, but a wrong one is refused; what is private needs one", async () => {
  const main = await it.github.git.repository(repo).read("main");
  expect(await remoteRef(repo, "refs/heads/main", null)).toBe(main);
  await expect(remoteRef(repo, "refs/heads/main", "wrong")).rejects.toThrow("could not read Username");
  await expect(remoteRef("acme/secret", "refs/heads/main", null)).rejects.toThrow("could not read Username");
  expect(await remoteRef("acme/secret", "refs/heads/main", token)).toHaveLength(40);
});

test("git can be down while GitHub answers", async () => {
  it.github.git.down(true);
  await expect(remoteRef(repo, "refs/heads/main", token)).rejects.toThrow(/Empty reply|reset/);
  expect((await it.api("GET", `/repos/${repo}`)).status).toBe(200);
  it.github.git.down(false);
  expect(await remoteRef(repo, "refs/heads/main", token)).toHaveLength(40);
});
