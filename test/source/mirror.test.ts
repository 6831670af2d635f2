import { createServer } from "node:http";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createWorld, token } from "./world.ts";
import { commandLines } from "./processes.ts";

const fetches = (requests: { method: string; path: string }[]) =>
  requests.filter(({ method }) => method === "POST").length;

test("a pull request's commit is fetched and laid out without .git", async () => {
  await using world = await createWorld({ "compose.yaml": "services: {}\n", "web/server.js": "listen()\n" });
  const commit = await world.repository.commit({ branch: "feat", files: { "web/new.js": "1\n" } });
  await world.repository.setRef("refs/pull/1/head", commit);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.list(".")).toEqual(["compose.yaml", "web"]);
  expect(checkout.readText("web/new.js")).toBe("1\n");
  expect(checkout.special).toEqual([]);
});

test("a commit that is there is not fetched again, also after a restart with the git server down", async () => {
  await using world = await createWorld();
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await (await world.source().checkout(world.pull, commit))[Symbol.asyncDispose]();
  await world.server.down();
  await using again = await world.source().checkout(world.pull, commit);
  expect(again.readText("compose.yaml")).toBe("services: {}\n");
});

test("twenty checkouts of one new commit at once fetch it once", async () => {
  await using world = await createWorld();
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  const source = world.source();
  const checkouts = await Promise.all(Array.from({ length: 20 }, () => source.checkout(world.pull, commit)));
  expect(new Set(checkouts.map(({ root }) => root)).size).toBe(20);
  // Protocol v2 asks for the refs, then for the pack.
  expect(fetches(world.requests)).toBe(2);
  await Promise.all(checkouts.map((checkout) => checkout[Symbol.asyncDispose]()));
});

test("a commit that was force-pushed away in between is fetched by itself", async () => {
  await using world = await createWorld();
  const lost = await world.repository.commit({ branch: "feat", files: { a: "old\n" } });
  const forced = await world.repository.commit({ branch: "feat", files: { a: "new\n" }, force: true });
  await world.repository.setRef("refs/pull/1/head", forced);
  const source = world.source();
  await using newest = await source.checkout(world.pull, forced);
  await using older = await source.checkout(world.pull, lost);
  expect([newest.readText("a"), older.readText("a")]).toEqual(["new\n", "old\n"]);
});

test("a commit is found although its pull request's ref is gone", async () => {
  await using world = await createWorld();
  const commit = await world.repository.commit({ branch: "feat", files: { a: "1\n" } });
  await using checkout = await world.source().checkout({ ...world.pull, number: 99 }, commit);
  expect(checkout.readText("a")).toBe("1\n");
});

test("a renamed repository keeps its mirror and is read under its new name", async () => {
  await using world = await createWorld();
  const source = world.source();
  const first = (await world.repository.read("refs/pull/1/head")) ?? "";
  await (await source.checkout(world.pull, first))[Symbol.asyncDispose]();
  const renamed = world.server.repository("acme/store");
  await renamed.copyFrom(world.repository);
  const commit = await renamed.commit({ branch: "feat", files: { a: "1\n" } });
  await renamed.setRef("refs/pull/1/head", commit);
  await using checkout = await source.checkout({ ...world.pull, repository: "acme/store" }, commit);
  expect(checkout.readText("a")).toBe("1\n");
  expect(existsSync(join(world.state, "mirrors", "7.git"))).toBe(true);
});

test.each([
  ["a wrong token", { token: async () => "wrong" }, "git-refused", "never"],
  ["no token where one is needed", { token: async () => null }, "git-refused", "never"],
])("%s is told as refused", async (_case, more, code, retry) => {
  await using world = await createWorld();
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await expect(world.source(more).checkout(world.pull, commit)).rejects.toMatchObject({ code, retry });
});

test.each([
  ["answers 403", 403, "git-refused"],
  ["knows no such repository", 404, "git-refused"],
  ["is broken", 500, "git-failed"],
  ["redirects somewhere else", 302, "git-failed"],
])("a git server that %s gives %i a clear name", async (_case, status, code) => {
  await using world = await createWorld();
  const seen: (string | undefined)[] = [];
  await using server = await answering((path, authorization) => {
    seen.push(authorization);
    return { status, location: `${world.server.url}${path}` };
  });
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await expect(world.source({ webUrl: server.url }).checkout(world.pull, commit)).rejects.toMatchObject({ code });
  expect(seen[0]).toBe(`Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`);
  expect(world.requests).toEqual([]);
});

test("a git server that is down is tried again later", async () => {
  await using world = await createWorld();
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  const source = world.source();
  await world.server.down();
  await expect(source.checkout(world.pull, commit)).rejects.toMatchObject({ code: "git-failed", retry: "backoff" });
  await world.server.up();
  await using checkout = await source.checkout(world.pull, commit);
  expect(checkout.commit).toBe(commit);
});

test("a commit that was deleted from the server is told as missing", async () => {
  await using world = await createWorld();
  const commit = await world.repository.commit({ branch: "feat", files: { a: "1\n" } });
  await world.repository.destroyCommit(commit);
  await expect(world.source().checkout(world.pull, commit)).rejects.toMatchObject({ code: "commit-missing" });
});

test.each(["", "main", "--upload-pack=touch /tmp/x", "abc1234", "HEAD^{/x}", "0".repeat(39)])(
  "%j is no commit",
  async (commit) => {
    await using world = await createWorld();
    await expect(world.source().checkout(world.pull, commit)).rejects.toMatchObject({ code: "commit-missing" });
    expect(world.requests).toEqual([]);
  },
);

test.each(["shop", "../shop", "acme/..", "acme/shop/x", "-acme/shop", "acme/shop?x", "a@b/c", ""])(
  "%j is no repository",
  async (repository) => {
    await using world = await createWorld();
    const asked = world.source().checkout({ ...world.pull, repository }, "0".repeat(40));
    await expect(asked).rejects.toMatchObject({ code: "git-failed" });
    expect(world.requests).toEqual([]);
  },
);

test("a hanging git server is given up at the deadline, and by an abort, and no git stays behind", async () => {
  await using world = await createWorld();
  await using server = await answering(() => null);
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  const slow = world.source({ webUrl: server.url, fetchTimeoutMs: 300 });
  await expect(slow.checkout(world.pull, commit)).rejects.toMatchObject({ code: "git-failed", retry: "backoff" });

  const controller = new AbortController();
  const source = world.source({ webUrl: server.url });
  const asked = source.checkout(world.pull, commit, controller.signal);
  const waiting = source.checkout(world.pull, commit, controller.signal);
  const outcomes = Promise.allSettled([asked, waiting]);
  await eventually(async () =>
    expect((await commandLines()).filter((line) => line.includes(server.url))).not.toEqual([]),
  );
  controller.abort(new Error("a newer wish"));
  expect((await outcomes).map((each) => each.status === "rejected" && (each.reason as Error).message)).toEqual([
    "a newer wish",
    "a newer wish",
  ]);
  await eventually(async () => expect((await commandLines()).filter((line) => line.includes(server.url))).toEqual([]));
});

test("what a killed git left behind is swept, so that the next fetch succeeds", async () => {
  await using world = await createWorld();
  const source = world.source();
  const first = (await world.repository.read("refs/pull/1/head")) ?? "";
  const left = await source.checkout(world.pull, first);
  const lock = join(world.state, "mirrors", "7.git", "refs", "pull", "1", "head.lock");
  await writeFile(lock, "");
  const commit = await world.repository.commit({ branch: "feat", files: { a: "1\n" } });
  await world.repository.setRef("refs/pull/1/head", commit);
  await expect(source.checkout(world.pull, commit)).rejects.toMatchObject({ code: "git-failed" });

  const restarted = world.source();
  await restarted.sweep();
  expect(existsSync(left.root)).toBe(false);
  await using checkout = await restarted.checkout(world.pull, commit);
  expect(await readFile(join(checkout.root, "a"), "utf8")).toBe("1\n");
});

/** An HTTP server with one answer; null never answers. */
async function answering(
  answer: (path: string, authorization: string | undefined) => { status: number; location: string } | null,
) {
  const server = createServer((request, response) => {
    const said = answer(request.url ?? "", request.headers.authorization);
    if (said !== null) response.writeHead(said.status, { Location: said.location }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
