import { afterAll, beforeAll, expect, test } from "vitest";
import { app, createWorld, repo, token, type World } from "./world.ts";

let world: World;
beforeAll(async () => void (world = await createWorld({ app: { ...app, privateKey: String(app.privateKey) } })));
afterAll(() => world[Symbol.asyncDispose]());

const say = (body: string, author = "ann") => world.github.comment({ repo, number: world.number, author, body });
const statusesSince = (start: number) =>
  world.github
    .calls()
    .slice(start)
    .map(({ method, status }) => `${method} ${status}`);

test("listening begins with what is said from now on, and tells each comment once", async () => {
  await say("/redeploy from before");
  const client = world.client();
  const begun = await client.listenTo(repo, null);
  expect(begun.comments).toEqual([]);
  expect(await client.listenTo(repo, begun.heard)).toEqual({ comments: [], heard: begun.heard });
  const id = await say("/redeploy");
  const told = await client.listenTo(repo, begun.heard);
  expect(told.comments).toEqual([{ id, number: world.number, body: "/redeploy", author: "ann", isBot: false }]);
  expect(await client.listenTo(repo, told.heard)).toEqual({ comments: [], heard: told.heard });
});

test("a comment that is edited later is not told again, and ours are a bot's or our own", async () => {
  const client = world.client(asApp);
  const { heard } = await client.listenTo(repo, null);
  const id = await client.createComment(repo, world.number, "hello");
  const told = await client.listenTo(repo, heard);
  expect(told.comments).toMatchObject([{ id, isBot: true }]);
  await client.updateComment(repo, id, "/destroy");
  expect((await client.listenTo(repo, told.heard)).comments).toEqual([]);
});

test("where nobody has said anything, listening begins all the same", async () => {
  const { heard } = await world.client().listenTo("acme/secret", null);
  expect(heard).toMatchObject({ lastId: 0 });
  expect((await world.client().listenTo("acme/secret", heard)).comments).toEqual([]);
});

test("a quiet repository costs two calls a round, which GitHub answers with 304", async () => {
  const client = world.client();
  let { heard } = await client.listenTo(repo, null);
  const round = async () => {
    const pulls = await client.listOpenPulls(repo);
    const told = await client.listenTo(repo, heard);
    heard = told.heard;
    return { pulls, comments: told.comments };
  };
  const first = await round();
  const start = world.github.calls().length;
  expect(await round()).toEqual({ ...first, comments: [] });
  expect(statusesSince(start)).toEqual(["GET 304", "GET 304"]);
  const commit = await world.github.push({ repo, branch: "feat", files: { a: "poll\n" }, author: "ann" });
  expect((await round()).pulls).toMatchObject([{ headCommit: commit }]);
});

test("more than a page of comments is heard in full", async () => {
  const client = world.client();
  const { heard } = await client.listenTo(repo, null);
  const ids: number[] = [];
  for (let count = 0; count < 103; count++) ids.push(await say(`word ${count}`));
  expect((await client.listenTo(repo, heard)).comments.map(({ id }) => id)).toEqual(ids);
});

const asApp = { token: null, app: { id: app.id, privateKey: String(app.privateKey) } };

test("an App knows the repositories that it is installed on", async () => {
  const listed = await world.client(asApp).listRepositories();
  expect(listed.map(({ name }) => name).toSorted()).toEqual(["acme/secret", repo]);
});

test("what the hour leaves is told of each account", async () => {
  const client = world.client({ token });
  await client.readRepository(repo);
  expect(client.limits()).toEqual([
    { account: "token", limit: 5000, remaining: 4999, resetAt: expect.any(Number), limitedUntil: null },
  ]);
});
