import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGitServer, type GitRequest, type GitServer } from "../../demo/git-server.ts";
import type { Repository } from "../../demo/github-repository.ts";

const run = promisify(execFile);

let folder: string;
let server: GitServer;
let repository: Repository;
let requests: GitRequest[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-test-git-"));
  requests = [];
  server = await createGitServer({
    root: join(folder, "root"),
    token: "sesame",
    log: (request) => requests.push(request),
  });
  repository = server.repository("acme/shop");
  await repository.create({ "README.md": "# Shop\n", "db/schema.sql": "select 1;\n" });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** git with a token (or none), and nothing of the machine's own configuration. */
async function git(args: string[], token: string | null = "sesame"): Promise<string> {
  const header =
    token === null ? [] : ["-c", `http.extraHeader=Authorization: Basic ${btoa(`x-access-token:${token}`)}`];
  const env = { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };
  return (await run("git", [...header, ...args], { env, cwd: folder })).stdout.trim();
}

const address = () => `${server.url}/acme/shop.git`;

test("a clone with the token gets the files, by protocol v2", async () => {
  await git(["clone", "--quiet", address(), "clone"]);
  expect(await readFile(join(folder, "clone/db/schema.sql"), "utf8")).toBe("select 1;\n");
  expect(requests.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(new Set(requests.map(({ protocol }) => protocol))).toEqual(new Set(["version=2"]));
});

test.each([[null], ["wrong"]])("with the token %s it is 401 and asks for Basic auth", async (token) => {
  const headers = token === null ? {} : { Authorization: `Basic ${btoa(`x-access-token:${token}`)}` };
  const answer = await fetch(`${address()}/info/refs?service=git-upload-pack`, { headers });
  expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="GitHub"']);
  await expect(git(["ls-remote", address()], token)).rejects.toThrow(/terminal prompts disabled|Authentication failed/);
});

test("it can be read and not written", async () => {
  await git(["clone", "--quiet", address(), "clone"]);
  await expect(git(["-C", "clone", "push", "--quiet", "origin", "HEAD:refs/heads/x"])).rejects.toThrow("403");
});

test.each(["/acme/none.git/info/refs?service=git-upload-pack", "/../etc/passwd", "/acme/..git/HEAD"])(
  "there is nothing at %s",
  async (path) => {
    const headers = { Authorization: `Basic ${btoa("x-access-token:sesame")}` };
    expect((await fetch(server.url + path, { headers })).status).toBe(404);
  },
);

test("the same files make the same first commit", async () => {
  const other = server.repository("acme/twin");
  expect(await other.create({ "README.md": "# Shop\n", "db/schema.sql": "select 1;\n" })).toBe(
    await repository.read("main"),
  );
});

test("commits write and delete files on a branch, and refs/pull/N/head can be fetched alone", async () => {
  const first = await repository.commit({
    branch: "feat",
    files: { "a/b.txt": "b\n", "README.md": null },
    author: "alice",
    message: "Add b",
  });
  await repository.setRef("refs/pull/1/head", first);
  await git(["init", "--quiet", "mirror"]);
  await git(["-C", "mirror", "fetch", "--quiet", "--depth=1", address(), "refs/pull/1/head"]);
  expect(await git(["-C", "mirror", "rev-parse", "FETCH_HEAD"])).toBe(first);
  expect(await git(["-C", "mirror", "ls-tree", "-r", "--name-only", "FETCH_HEAD"])).toBe("a/b.txt\ndb/schema.sql");
  expect(await repository.commitsBetween("main", first)).toMatchObject([
    { sha: first, author: "alice", message: "Add b" },
  ]);
});

test("a fetch of many commits sends its wants compressed", async () => {
  await git(["clone", "--quiet", address(), "clone"]);
  for (let index = 0; index < 40; index++) {
    const sha = await repository.commit({ branch: `branch-${index}`, files: { [`${index}.txt`]: "x\n" } });
    await repository.setRef(`refs/pull/${index + 1}/head`, sha);
  }
  await git(["-C", "clone", "fetch", "--quiet", "origin", "refs/pull/*:refs/pull/*"]);
  expect((await git(["-C", "clone", "for-each-ref", "refs/pull"])).split("\n")).toHaveLength(40);
});

test("a forced change replaces the branch's tip", async () => {
  const first = await repository.commit({ branch: "feat", files: { "a.txt": "a\n" } });
  const second = await repository.commit({ branch: "feat", files: { "b.txt": "b\n" }, force: true });
  expect(await repository.read(`${second}^`)).toBe(await repository.read(`${first}^`));
  expect((await repository.changedFiles("main", second)).map(({ path }) => path)).toEqual(["b.txt"]);
});

test("merging keeps both sides, and a conflict merges nothing", async () => {
  const head = await repository.commit({ branch: "feat", files: { "a.txt": "a\n" } });
  await repository.commit({ branch: "main", files: { "m.txt": "m\n" } });
  const merged = await repository.merge("main", head, { message: "Merge", author: "alice", squash: false });
  expect((await repository.changedFiles("main~2", merged ?? "")).map(({ path }) => path)).toEqual(["a.txt", "m.txt"]);

  const left = await repository.commit({ branch: "left", files: { "README.md": "left\n" } });
  await repository.commit({ branch: "main", files: { "README.md": "right\n" } });
  expect(await repository.merge("main", left, { message: "Merge", author: "alice", squash: false })).toBeNull();
});

test("a deleted commit is not fetchable any more, and the others are", async () => {
  const sha = await repository.commit({ branch: "feat", files: { "a.txt": "a\n" } });
  const kept = await repository.commit({ branch: "kept", files: { "k.txt": "k\n" } });
  await repository.setRef("refs/pull/1/head", sha);
  await git(["init", "--quiet", "mirror"]);
  await repository.destroyCommit(sha);
  await expect(git(["-C", "mirror", "fetch", address(), sha])).rejects.toThrow(sha);
  await git(["-C", "mirror", "fetch", "--quiet", address(), kept]);
  expect(await repository.read("refs/pull/1/head")).toBeNull();
});

test("while it is down connections are refused, and afterwards it is as before", async () => {
  await server.down();
  await expect(git(["ls-remote", address()])).rejects.toThrow("Couldn't connect");
  await server.up();
  expect(await git(["ls-remote", address(), "HEAD"])).toContain(await repository.read("main"));
});
