import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fakeClock } from "../support/fake-clock.ts";
import { attempt, failure, tell } from "./facts.ts";
import { app, createMemory, createWorld, log, publisherOf, repo, type World } from "./world.ts";
import { createPublisher } from "../../src/feedback/publish.ts";

let world: World;
beforeAll(async () => void (world = await createWorld({ app: { ...app, privateKey: String(app.privateKey) } })));
afterAll(() => world[Symbol.asyncDispose]());

const credentials = { token: null, app: { id: app.id, privateKey: String(app.privateKey) } };
const asApp = (more: object = {}) => world.client({ ...credentials, ...more });
const granted = () => world.github.app.granted();

test("an App reads with a token that is for one repository, with the least permissions, and is made once", async () => {
  const client = asApp();
  const before = granted().length;
  expect(await client.readPull(repo, world.number)).toMatchObject({ number: world.number });
  expect(await client.listOpenPulls(repo)).toHaveLength(1);
  expect(await client.mayWrite(repo, "ann")).toBe(true);
  expect(granted().slice(before)).toEqual([
    {
      repositories: ["shop"],
      permissions: {
        metadata: "read",
        contents: "read",
        pull_requests: "write",
        issues: "write",
        deployments: "write",
        checks: "write",
      },
    },
  ]);
  await client.readPull("acme/secret", 1);
  expect(granted().at(-1)?.repositories).toEqual(["secret"]);
});

test("git gets a token that may read one repository's contents and nothing else", async () => {
  const token = await asApp().gitToken(repo);
  expect(token).toMatch(/^ghs_/);
  expect(granted().at(-1)).toEqual({ repositories: ["shop"], permissions: { contents: "read" } });
});

test("one that git was refused with is not given again", async () => {
  const client = asApp();
  const first = await client.gitToken(repo);
  expect(await client.gitToken(repo)).toBe(first);
  expect(await client.gitToken(repo, first ?? "")).not.toBe(first);
});

test("a token is replaced five minutes before it ends", async () => {
  const clock = fakeClock(Date.now());
  const client = asApp({ clock });
  const first = await client.gitToken(repo);
  await clock.advance(54 * 60_000);
  expect(await client.gitToken(repo)).toBe(first);
  await clock.advance(2 * 60_000);
  expect(await client.gitToken(repo)).not.toBe(first);
});

test("a token that was revoked is replaced, and the call made again, also a write", async () => {
  const client = asApp();
  await client.readPull(repo, world.number);
  world.github.app.revokeTokens();
  expect(await client.createComment(repo, world.number, "still here")).toBeGreaterThan(0);
  const said = (await world.github.comments(repo, world.number)).filter(({ body }) => body === "still here");
  expect(said).toMatchObject([{ author: "mayfly[bot]" }]);
});

test("taken off a repository, the App says so in words, and goes on when it is back", async () => {
  const client = asApp();
  await client.readPull(repo, world.number);
  world.github.app.uninstall(repo);
  await expect(client.readPull(repo, world.number)).rejects.toMatchObject({
    code: "forge-unauthorized",
    message: "the GitHub App is not installed on acme/shop",
    retry: "never",
    hint: expect.stringContaining("Install it there"),
  });
  world.github.app.uninstall(repo, false);
  expect(await client.readPull(repo, world.number)).toMatchObject({ number: world.number });
});

test("a key that is not the App's is refused in words of its own", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const client = asApp({ app: { id: app.id, privateKey: other } });
  await expect(client.readPull(repo, world.number)).rejects.toMatchObject({
    code: "forge-unauthorized",
    hint: expect.stringContaining("github.app's id and key"),
  });
});

test("the App writes as its bot, and finds its own comment again", async () => {
  const client = asApp();
  expect(await client.whoAmI()).toBe("mayfly[bot]");
  const id = await client.createComment(repo, world.number, "hello <!-- mayfly:preview 9-9 -->");
  expect(await client.findComment(repo, world.number, "<!-- mayfly:preview 9-9 -->")).toBe(id);
});

test("a commit's result is a check run: made once, brought up to date, and made anew when it begins again", async () => {
  const memory = createMemory();
  const publisher = createPublisher({ client: asApp(), memory, log });
  const runs = () => world.github.checks(repo, world.commit);
  const under = tell({
    number: world.number,
    deployments: [attempt(1, { commit: world.commit, phase: "building", readyAt: null })],
  });
  await publisher.publish(...under);
  expect(runs()).toMatchObject([
    { name: "mayfly", external_id: under[0].key, status: "in_progress", conclusion: null },
  ]);

  const ready = tell({ number: world.number, deployments: [attempt(1, { commit: world.commit })] });
  await publisher.publish(...ready);
  await publisher.publish(...ready);
  expect(runs()).toMatchObject([{ status: "completed", conclusion: "success", details_url: ready[0].url }]);

  // Killed between the call and the row: the same run is found again.
  memory.lose();
  await publisher.publish(...ready);
  expect(runs()).toHaveLength(1);

  const again = tell({
    number: world.number,
    deployments: [
      attempt(1, { commit: world.commit }),
      attempt(2, { commit: world.commit, phase: "failed", readyAt: null, failure: failure() }),
    ],
  });
  await publisher.publish(...again);
  expect(runs()).toMatchObject([{ conclusion: "failure", output: { title: expect.any(String) } }]);
  await publisher.publish(...under);
  expect(runs().map(({ status }) => status)).toEqual(["in_progress", "completed"]);
});

test("with a token it is a commit status, since GitHub lets only Apps make check runs", async () => {
  const before = world.github.checks(repo, world.commit).length;
  const ready = tell({ number: world.number, deployments: [attempt(1, { commit: world.commit })] });
  await publisherOf(world, createMemory()).publish(...ready);
  expect(world.github.statuses(repo, world.commit)).toMatchObject([{ context: "mayfly", state: "success" }]);
  expect(world.github.checks(repo, world.commit)).toHaveLength(before);
});

test("under a repository's old name a token is made for what it is called now, and the new name is told", async () => {
  await world.github.moveRepository({ repo, to: "acme/store", author: "ann" });
  const client = asApp();
  expect(await client.readPull(repo, world.number)).toMatchObject({ repository: "acme/store" });
  expect(await client.readRepository(repo)).toMatchObject({ name: "acme/store" });
  expect(await client.gitToken(repo)).toMatch(/^ghs_/);
});
