import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGitHubClient, type GitHubOptions } from "../../src/feedback/github-client.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { eventually } from "../support/eventually.ts";
import { clock, createWorld, log, repo, token, type World } from "./world.ts";

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world[Symbol.asyncDispose]());

test("a pull request is read as it is now, also after a push", async () => {
  const commit = await world.github.push({ repo, branch: "feat", files: { a: "2\n" }, author: "ann" });
  expect(await world.client().readPull(repo, world.number)).toEqual({
    repositoryId: expect.any(Number),
    repository: repo,
    private: false,
    number: world.number,
    title: "A new checkout",
    author: "ann",
    open: true,
    merged: false,
    draft: false,
    headCommit: commit,
    headRef: "feat",
    headRepositoryId: expect.any(Number),
    baseRef: "main",
    labels: [],
  });
});

test("a fork's pull request has another head repository, or none when the fork is gone", async () => {
  await world.github.fork({ repo, owner: "mallory" });
  await world.github.push({ repo: "mallory/shop", branch: "evil", files: { a: "evil\n" }, author: "mallory" });
  const number = await world.github.openPullRequest({
    repo,
    head: "evil",
    title: "x",
    author: "mallory",
    fork: "mallory",
  });
  const pull = await world.client().readPull(repo, number);
  expect(pull?.headRepositoryId).not.toBe(pull?.repositoryId);
  await world.github.deleteRepository("mallory/shop");
  expect(await world.client().readPull(repo, number)).toMatchObject({
    headRepositoryId: null,
    repositoryId: pull?.repositoryId,
  });
});

test("drafts, labels and merges are told, and only open pull requests are listed", async () => {
  await world.github.push({ repo, branch: "other", files: { b: "1\n" }, author: "ann" });
  const number = await world.github.openPullRequest({ repo, head: "other", title: "y", author: "ann", draft: true });
  await world.github.label({ repo, number, author: "ann", name: "preview" });
  const client = world.client();
  expect(await client.readPull(repo, number)).toMatchObject({ draft: true, labels: ["preview"], open: true });
  expect((await client.listOpenPulls(repo)).map((pull) => pull.number)).toContain(number);
  await world.github.setDraft({ repo, number, author: "ann", draft: false });
  await world.github.merge({ repo, number, author: "ann" });
  expect(await client.readPull(repo, number)).toMatchObject({ draft: false, open: false, merged: true });
  expect((await client.listOpenPulls(repo)).map((pull) => pull.number)).not.toContain(number);
});

test("the files of a pull request are told, and those of a push as long as history goes on", async () => {
  const { github } = world;
  const push = (files: Record<string, string>, force = false) =>
    github.push({ repo, branch: "files", files, author: "ann", force });
  const first = await push({ "apps/shop/a": "1\n" });
  const number = await github.openPullRequest({ repo, head: "files", title: "z", author: "ann" });
  const second = await push({ docs: "1\n" });
  const client = world.client();
  expect(await client.changedFiles(repo, number)).toEqual(["apps/shop/a", "docs"]);
  expect(await client.pushedFiles(repo, first, second)).toEqual(["docs"]);
  expect(await client.pushedFiles(repo, second, second)).toEqual([]);
  expect(await client.pushedFiles(repo, second, await push({ other: "1\n" }, true))).toBeNull();
  expect(await client.pushedFiles(repo, "0".repeat(40), second)).toBeNull();
});

test("a pull request is gone only where its repository answers: one we may not see tells nothing", async () => {
  expect(await world.client().readPull(repo, 9999)).toBeNull();
  await expect(world.client().readPull("acme/nothing", 1)).rejects.toMatchObject({ code: "forge-refused" });
});

test.each([
  ["ann", true],
  ["maria", true],
  ["victor", false],
  ["mallory", false],
  ["nobody-at-all", false],
  ["../../user", false],
])("%s may write: %s", async (person, may) => {
  expect(await world.client().mayWrite(repo, person)).toBe(may);
});

test("reactions to a comment: ours is replaced, others' stay", async () => {
  const { github } = world;
  const id = await github.comment({ repo, number: world.number, author: "ann", body: "/redeploy" });
  const client = world.client();
  await client.react(repo, id, "eyes");
  await client.react(repo, id, "eyes");
  await client.react(repo, id, "rocket");
  expect(github.reactions(id)).toEqual([{ content: "rocket", user: await client.whoAmI() }]);
  await client.react(repo, 999_999, "eyes");
});

test("a comment that somebody else wrote with our marker is not ours", async () => {
  const body = "mine <!-- mayfly:preview 1-1 -->";
  await world.github.comment({ repo, number: world.number, author: "mallory", body });
  const client = world.client();
  expect(await client.findComment(repo, world.number, "<!-- mayfly:preview 1-1 -->")).toBeNull();
  const id = await client.createComment(repo, world.number, body);
  expect(await client.findComment(repo, world.number, "<!-- mayfly:preview 1-1 -->")).toBe(id);
  expect(await client.updateComment(repo, 999_999, "x")).toBe(false);
});

test("our own comment is found behind a hundred others", async () => {
  const client = world.client();
  await world.github.push({ repo, branch: "long", files: { c: "1\n" }, author: "ann" });
  const number = await world.github.openPullRequest({ repo, head: "long", title: "z", author: "ann" });
  for (let index = 0; index < 101; index++) await client.createComment(repo, number, `chatter ${index}`);
  const id = await client.createComment(repo, number, "found");
  expect(await client.findComment(repo, number, "found")).toBe(id);
});

test.each([
  ["primary", 50_000, 130_000],
  ["secondary", 119_000, 121_000],
] as const)("a %s rate limit says when to go on, and nothing is sent before", async (kind, least, most) => {
  const client = world.client();
  world.github.rateLimited(kind, 120);
  try {
    const refused = client.readPull(repo, world.number);
    await expect(refused).rejects.toMatchObject({ code: "forge-limited", retry: "backoff" });
    const { retryAfterMs } = (await refused.catch((error: unknown) => error)) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(least);
    expect(retryAfterMs).toBeLessThan(most);
    const calls = world.github.calls().length;
    await expect(client.mayWrite(repo, "ann")).rejects.toMatchObject({ code: "forge-limited" });
    expect(world.github.calls()).toHaveLength(calls);
  } finally {
    world.github.rateLimited(false);
  }
});

test("a wrong or revoked token is refused for good, in words of its own", async () => {
  const client = world.client({ token: "ghp_wrong" });
  await expect(client.readPull(repo, world.number)).rejects.toMatchObject({
    code: "forge-unauthorized",
    status: 401,
    retry: "never",
  });
});

test("a server error is asked again once for a read, never for a write", async () => {
  const asked: string[] = [];
  await using server = await serve((request, response) => {
    asked.push(`${request.method}`);
    response.writeHead(502).end();
  });
  const client = server.client();
  await expect(client.readPull(repo, 1)).rejects.toMatchObject({
    code: "forge-unreachable",
    status: 502,
    retry: "backoff",
  });
  await expect(client.createComment(repo, 1, "x")).rejects.toMatchObject({ code: "forge-unreachable" });
  expect(asked).toEqual(["GET", "GET", "POST"]);
});

test("a read that failed once in passing succeeds", async () => {
  const asked: string[] = [];
  await using server = await serve((request, response) => {
    asked.push(`${request.headers.authorization}`);
    if (asked.length === 1) request.socket.destroy();
    else response.setHeader("Content-Type", "application/json").end('{"login":"mayfly-bot"}');
  });
  const client = server.client();
  expect(await client.whoAmI()).toBe("mayfly-bot");
  expect(await client.whoAmI()).toBe("mayfly-bot");
  expect(asked).toEqual([`Bearer ${token}`, `Bearer ${token}`]);
});

test("an answer that is cut off in the middle is no answer", async () => {
  await using server = await serve((request, response) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": 1000 });
    response.write('{"number": 1, "ti');
    setImmediate(() => request.socket.destroy());
  });
  await expect(server.client().readPull(repo, 1)).rejects.toMatchObject({
    code: "forge-unreachable",
    retry: "backoff",
  });
});

test("a GitHub that hangs is given up after the deadline", async () => {
  await using server = await serve(() => {});
  const client = server.client({ timeoutMs: 100 });
  await expect(client.createComment(repo, 1, "x")).rejects.toMatchObject({
    code: "forge-unreachable",
    retry: "backoff",
  });
});

test("writes go one at a time, and new comments keep their distance", async () => {
  const slow = fakeClock();
  const underWay = { now: 0, most: 0 };
  const asked: string[] = [];
  await using server = await serve((request, response) => {
    asked.push(`${request.method} ${request.url?.split("/").at(-1)}`);
    underWay.most = Math.max(underWay.most, ++underWay.now);
    setImmediate(() => {
      underWay.now--;
      response.setHeader("Content-Type", "application/json").end('{"id":1}');
    });
  });
  const client = server.client({ clock: slow, commentGapMs: 1000 });
  const writes = Promise.all([
    client.createComment(repo, 1, "a"),
    client.updateComment(repo, 1, "b"),
    client.createComment(repo, 1, "c"),
  ]);
  await eventually(() => expect(asked).toEqual(["POST comments", "PATCH 1"]));
  await slow.advance(999);
  expect(asked).toHaveLength(2);
  await eventually(async () => {
    await slow.advance(1);
    expect(asked).toEqual(["POST comments", "PATCH 1", "POST comments"]);
  });
  await writes;
  expect(underWay.most).toBe(1);
});

test("the last call of the hour is the last: nothing is sent until the hour is over", async () => {
  const hour = fakeClock(1_800_000_000_000);
  const asked: string[] = [];
  await using server = await serve((request, response) => {
    asked.push(`${request.url}`);
    response.setHeader("x-ratelimit-limit", "5000");
    response.setHeader("x-ratelimit-remaining", String(1 - asked.length));
    response.setHeader("x-ratelimit-reset", String(1_800_000_000 + 600));
    response.setHeader("Content-Type", "application/json").end('{"id":1,"full_name":"acme/shop"}');
  });
  const client = server.client({ clock: hour });
  await client.readRepository(repo);
  expect(client.limits()).toMatchObject([{ remaining: 0, limitedUntil: hour.now() + 600_000 }]);
  await expect(client.readRepository(repo)).rejects.toMatchObject({ code: "forge-limited", retryAfterMs: 600_000 });
  expect(asked).toHaveLength(1);
  await hour.advance(600_001);
  await client.readRepository(repo);
  expect(asked).toHaveLength(2);
});

test("a short limit that comes on top of a long one does not end it", async () => {
  const hour = fakeClock(1_800_000_000_000);
  const both = Promise.withResolvers<void>();
  const waiting: (() => void)[] = [];
  await using server = await serve((_request, response) => {
    const isFirst = waiting.length === 0;
    waiting.push(() => {
      const limit = isFirst ? { "x-ratelimit-remaining": "0" } : { "retry-after": "60" };
      const reset = { "x-ratelimit-limit": "5000", "x-ratelimit-reset": "1800000600" };
      response.writeHead(403, { "Content-Type": "application/json", ...(isFirst && reset), ...limit });
      response.end('{"message":"You have exceeded a secondary rate limit"}');
    });
    if (waiting.length === 2) both.resolve();
  });
  const client = server.client({ clock: hour });
  const calls = [client.readRepository(repo), client.readRepository(repo)];
  await both.promise;
  waiting[0]?.();
  await Promise.race(calls).catch(() => undefined);
  waiting[1]?.();
  await Promise.allSettled(calls);
  expect(client.limits()).toMatchObject([{ limitedUntil: hour.now() + 600_000 }]);
});

test("a storm of writes is paced below what GitHub takes in a minute, and ends at once when Mayfly stops", async () => {
  const minute = fakeClock();
  const stopping = new AbortController();
  let asked = 0;
  await using server = await serve((_request, response) => {
    asked += 1;
    response.setHeader("Content-Type", "application/json").end('{"id":1}');
  });
  const client = server.client({ clock: minute, stopping: stopping.signal });
  const writes = Array.from({ length: 152 }, () => client.updateComment(repo, 1, "a").catch((error: unknown) => error));
  await Promise.all(writes.slice(0, 150));
  expect(asked).toBe(150);
  await eventually(async () => {
    await minute.advance(10_000);
    expect(asked).toBe(152);
  });
  const late = Array.from({ length: 150 }, () => client.updateComment(repo, 1, "b").catch((error: unknown) => error));
  await Promise.all(late.slice(0, 148));
  stopping.abort();
  expect(await late[149]).toMatchObject({ code: "forge-limited", message: expect.stringContaining("stopped") });
});

test("a repository's old name leads to the new one, for reads and writes, with our token", async () => {
  const asked: string[] = [];
  await using server = await serve((request, response) => {
    const { method, url, headers } = request;
    void text(request).then((sent) => asked.push(`${method} ${url} ${headers.authorization} ${sent}`));
    const renamed = url?.replace("/repos/acme/shop", "/repositories/7");
    if (renamed === request.url)
      response.setHeader("Content-Type", "application/json").end('{"id":7,"full_name":"acme/store"}');
    else response.writeHead(request.method === "GET" ? 301 : 307, { location: renamed }).end();
  });
  const client = server.client();
  expect(await client.readRepository(repo)).toEqual({ id: 7, name: "acme/store" });
  expect(await client.createComment(repo, 1, "hello")).toBe(7);
  await eventually(() => asked.length === 4);
  expect(asked.filter((each) => each.includes("/repositories/7"))).toEqual([
    `GET /repositories/7 Bearer ${token} `,
    `POST /repositories/7/issues/1/comments Bearer ${token} {"body":"hello"}`,
  ]);
});

test("an archived repository refuses our comments for good, in GitHub's own words", async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(403, { "Content-Type": "application/json" });
    response.end('{"message":"Repository was archived so is read-only."}');
  });
  await expect(server.client().createComment(repo, 1, "hello")).rejects.toMatchObject({
    code: "forge-refused",
    retry: "never",
    message: expect.stringContaining("archived"),
  });
});

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    client: (more?: Partial<GitHubOptions>) =>
      createGitHubClient({ apiUrl, token, clock, log, commentGapMs: 0, ...more }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
