import { createSign, generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Deployment } from "../../demo/github-deployments.ts";
import { repo, startStandIn, type StandIn } from "./stand-in.ts";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const app = { id: 7, slug: "mayfly", privateKey };

let it: StandIn;
let number: number;
beforeAll(async () => {
  it = await startStandIn({ app });
  number = await it.open();
});
afterAll(() => it[Symbol.asyncDispose]());

test("a token says whose it is; an unknown one is refused, none reads what is public", async () => {
  expect((await it.api("GET", "/user")).body).toMatchObject({ login: "mayfly-bot" });
  expect(await it.api("GET", "/user", undefined, "wrong")).toMatchObject({
    status: 401,
    body: { message: "Bad credentials" },
  });
  expect((await it.api("GET", `/repos/${repo}/pulls/${number}`, undefined, "wrong")).status).toBe(401);
  expect((await it.api("GET", `/repos/${repo}`, undefined, null)).status).toBe(200);
});

test.each([
  [repo, "alice", "admin", "admin"],
  [repo, "bob", "write", "write"],
  [repo, "mallory", "read", "read"],
  ["acme/secret", "alice", "write", "maintain"],
  ["acme/secret", "bob", "read", "triage"],
  ["acme/secret", "mallory", "none", "none"],
])("in %s the permission of %s is %s", async (name, login, permission, role_name) => {
  const answer = await it.api("GET", `/repos/${name}/collaborators/${login}/permission`);
  expect(answer).toMatchObject({ status: 200, body: { permission, role_name, user: { login } } });
});

test("nobody's permission is not found, and only who may push may ask", async () => {
  expect((await it.api("GET", `/repos/${repo}/collaborators/no-such-user/permission`)).status).toBe(404);
  expect(
    (await it.api("GET", `/repos/${repo}/collaborators/bob/permission`, undefined, "token-of-mallory")).status,
  ).toBe(403);
});

test("a private repository is not there for an outsider", async () => {
  expect((await it.api("GET", "/repos/acme/secret")).body).toMatchObject({ private: true, visibility: "private" });
  expect((await it.api("GET", "/repos/acme/secret", undefined, "token-of-mallory")).status).toBe(404);
  expect((await it.api("GET", "/repos/acme/secret/pulls", undefined, "token-of-mallory")).status).toBe(404);
});

test("reactions on a comment are made once, listed, counted and taken back", async () => {
  const comment = await it.github.comment({ repo, number, author: "alice", body: "/redeploy" });
  const path = `/repos/${repo}/issues/comments/${comment}/reactions`;
  const made = await it.api<{ id: number }>("POST", path, { content: "eyes" });
  expect(made).toMatchObject({ status: 201, body: { content: "eyes", user: { login: "mayfly-bot" } } });
  expect(await it.api("POST", path, { content: "eyes" })).toMatchObject({ status: 200, body: { id: made.body.id } });
  expect((await it.api("POST", path, { content: "wow" })).status).toBe(422);
  expect((await it.api("GET", path)).body).toHaveLength(1);
  expect((await it.api("GET", `/repos/${repo}/issues/comments/${comment}`)).body).toMatchObject({
    reactions: { total_count: 1, eyes: 1 },
  });
  expect(it.github.reactions(comment)).toEqual([{ content: "eyes", user: "mayfly-bot" }]);
  expect((await it.api("DELETE", `${path}/${made.body.id}`)).status).toBe(204);
  expect(it.github.reactions(comment)).toEqual([]);
  expect((await it.api("POST", `/repos/${repo}/issues/comments/999/reactions`, { content: "eyes" })).status).toBe(404);
});

test("a deployment belongs to a commit and has statuses, newest first", async () => {
  const { sha } = (await it.github.pull(repo, number)).head;
  const path = `/repos/${repo}/deployments`;
  const asked = {
    ref: sha,
    environment: "Preview",
    required_contexts: [],
    auto_merge: false,
    transient_environment: true,
  };
  const { status, body } = await it.api<Deployment>("POST", path, asked);
  expect([status, body.sha, body.environment, body["transient_environment"]]).toEqual([201, sha, "Preview", true]);
  for (const state of ["in_progress", "success"]) {
    const done = await it.api("POST", `${path}/${body.id}/statuses`, {
      state,
      environment_url: "http://x.test",
      auto_inactive: false,
    });
    expect(done.status).toBe(201);
  }
  expect((await it.api("GET", `${path}/${body.id}/statuses`)).body).toMatchObject([
    { state: "success" },
    { state: "in_progress" },
  ]);
  expect((await it.api("GET", `${path}?environment=Preview`)).body).toHaveLength(1);
  expect(it.github.deployments(repo)[0]?.statuses[0]).toMatchObject({
    state: "success",
    environment_url: "http://x.test",
  });
  expect((await it.api("DELETE", `${path}/${body.id}`)).status).toBe(204);
});

test.each([
  ["a deployment of no commit", "deployments", { ref: "nowhere" }, 422],
  ["a status of no commit", `statuses/${"0".repeat(40)}`, { state: "success" }, 422],
  ["a status with a long description", "statuses/main", { state: "success", description: "x".repeat(141) }, 422],
  ["a status that is none", "statuses/main", { state: "fine" }, 422],
])("%s is refused", async (_, path, body, status) => {
  expect((await it.api("POST", `/repos/${repo}/${path}`, body)).status).toBe(status);
});

test("an outsider can write neither deployments nor statuses", async () => {
  expect((await it.api("POST", `/repos/${repo}/deployments`, { ref: "main" }, "token-of-mallory")).status).toBe(403);
  expect((await it.api("POST", `/repos/${repo}/statuses/main`, { state: "success" }, "token-of-mallory")).status).toBe(
    403,
  );
});

test("commit statuses are listed, and combined by context", async () => {
  const { sha } = (await it.github.pull(repo, number)).head;
  for (const [context, state] of [
    ["mayfly", "pending"],
    ["ci", "failure"],
    ["mayfly", "success"],
  ]) {
    expect(
      (await it.api("POST", `/repos/${repo}/statuses/${sha}`, { context, state, target_url: "http://x.test" })).status,
    ).toBe(201);
  }
  expect((await it.api("GET", `/repos/${repo}/commits/${sha}/statuses`)).body).toHaveLength(3);
  expect((await it.api("GET", `/repos/${repo}/commits/feat/status`)).body).toMatchObject({
    state: "failure",
    total_count: 2,
    sha,
  });
  expect(it.github.statuses(repo, sha)[0]).toMatchObject({ context: "mayfly", state: "success" });
});

test("check runs are for Apps", async () => {
  const { sha } = (await it.github.pull(repo, number)).head;
  expect((await it.api("POST", `/repos/${repo}/check-runs`, { name: "mayfly", head_sha: sha })).status).toBe(403);
  const installation = await installationToken();
  expect(
    (await it.api("POST", `/repos/${repo}/check-runs`, { name: "mayfly", head_sha: sha }, installation)).status,
  ).toBe(201);
});

test("an App's token lists its repositories and comments as a bot", async () => {
  const installation = await installationToken();
  const listed = await it.api("GET", "/installation/repositories", undefined, installation);
  expect(listed.body).toMatchObject({
    total_count: 2,
    repositories: [{ full_name: repo }, { full_name: "acme/secret" }],
  });
  expect((await it.api("GET", "/installation/repositories")).status).toBe(403);
  const { body } = await it.api("POST", `/repos/${repo}/issues/${number}/comments`, { body: "Hello" }, installation);
  expect(body).toMatchObject({ user: { login: "mayfly[bot]", type: "Bot" } });
});

async function installationToken(): Promise<string> {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const unsigned = `${encode({ alg: "RS256", typ: "JWT" })}.${encode({ iat: now - 10, exp: now + 300, iss: app.id })}`;
  const jwt = `${unsigned}.${createSign("RSA-SHA256").update(unsigned).sign(privateKey, "base64url")}`;
  const { body: installation } = await it.api<{ id: number }>("GET", `/repos/${repo}/installation`, undefined, jwt);
  const { status, body } = await it.api<{ token: string }>(
    "POST",
    `/app/installations/${installation.id}/access_tokens`,
    {},
    jwt,
  );
  expect(status).toBe(201);
  return body.token;
}

test("only its author, or who may write, edits a comment", async () => {
  const id = await it.github.comment({ repo, number, author: "alice", body: "mine" });
  expect(
    (await it.api("PATCH", `/repos/${repo}/issues/comments/${id}`, { body: "stolen" }, "token-of-mallory")).status,
  ).toBe(403);
  expect((await it.api("PATCH", `/repos/${repo}/issues/comments/${id}`, { body: "moderated" })).status).toBe(200);
  expect((await it.github.comments(repo, number)).find((comment) => comment.id === id)?.body).toBe("moderated");
  expect((await it.api("POST", `/repos/${repo}/issues/${number}/comments`, { body: "x".repeat(65_537) })).status).toBe(
    422,
  );
});

test("an unchanged answer is 304 when asked with its ETag", async () => {
  const { headers } = await it.api("GET", `/repos/${repo}`);
  const again = await fetch(`${it.github.apiUrl}/repos/${repo}`, {
    headers: { "If-None-Match": headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
});

test("calls from outside are logged; faults hit them and not the people of the demo", async () => {
  it.github.rateLimited("secondary", 7);
  const limited = await it.api("GET", `/repos/${repo}`);
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([403, "7"]);
  it.github.rateLimited("primary", 60);
  expect((await it.api("GET", `/repos/${repo}`)).headers.get("x-ratelimit-remaining")).toBe("0");
  it.github.rateLimited(false);

  await it.github.down("unavailable");
  expect((await it.api("GET", `/repos/${repo}`)).status).toBe(503);
  await it.github.down(true);
  await expect(it.api("GET", `/repos/${repo}`)).rejects.toThrow("fetch failed");
  await it.github.comment({ repo, number, author: "alice", body: "still here" });
  await it.github.down(false);

  it.github.slow(60);
  await it.api("GET", `/repos/${repo}?slow`);
  it.github.slow(0);
  const last = it.github.calls().at(-1);
  expect(last).toMatchObject({ method: "GET", path: `/repos/${repo}?slow`, status: 200, login: "mayfly-bot" });
  expect(last?.durationMs).toBeGreaterThanOrEqual(55);
});

test("the pull request's page shows the comment as its author sees it, and no script of a commenter", async () => {
  const body =
    "**[shop](http://shop.test)** is ready at `abc1234`.\n\n| service | state |\n|---|---|\n| `web` | ready |\n\n<details><summary>Log</summary>\n\n```\n<b>\n```\n</details>\n<!-- mayfly:preview 1-1 --><script>alert(1)</script>";
  await it.github.comment({ repo, number, author: "mallory", body });
  const page = await (await fetch(`${it.github.url}/${repo}/pull/${number}`)).text();
  expect(page).toContain('<strong><a href="http://shop.test">shop</a></strong> is ready at <code>abc1234</code>.');
  expect(page).toContain("<td><code>web</code></td>");
  expect(page).toContain("<details><summary>Log</summary>");
  expect(page).toContain("<pre><code>&#60;b&#62;</code></pre>");
  expect(page).not.toContain("mayfly:preview");
  expect(page).not.toContain("<script>alert");
});
