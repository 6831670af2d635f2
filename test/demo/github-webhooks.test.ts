import { Webhooks } from "@octokit/webhooks";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CommentBody, Json } from "../../demo/github-types.ts";
import { repo, secret, startStandIn, type StandIn } from "./stand-in.ts";

let it: StandIn;
beforeEach(async () => void (it = await startStandIn()));
afterEach(() => it[Symbol.asyncDispose]());

test("a delivery is signed over its raw bytes and has GitHub's headers", async () => {
  await it.open();
  const [opened] = await it.events("pull_request", "opened");
  expect(await new Webhooks({ secret }).verify(opened?.raw ?? "", opened?.headers["x-hub-signature-256"] ?? "")).toBe(
    true,
  );
  expect(opened?.headers).toMatchObject({
    "x-github-delivery": expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
    "x-github-hook-id": expect.stringMatching(/^\d+$/),
    "user-agent": expect.stringMatching(/^GitHub-Hookshot\//),
    "content-type": "application/json",
  });
  expect(opened?.payload["repository"]).toMatchObject({ full_name: repo, private: false });
});

test("a comment on a pull request carries issue.pull_request and its sender", async () => {
  const number = await it.open();
  const id = await it.github.comment({ repo, number, author: "mallory", body: "/redeploy" });
  const [created] = await it.events("issue_comment", "created");
  expect(created?.payload).toMatchObject({
    comment: { id, body: "/redeploy", user: { login: "mallory", type: "User" }, author_association: "NONE" },
    issue: { number, state: "open", pull_request: { html_url: `${it.github.url}/${repo}/pull/${number}` } },
    sender: { login: "mallory" },
  });
  expect(created?.payload.comment.html_url).toBe(`${it.github.url}/${repo}/pull/${number}#issuecomment-${id}`);
});

test("the bot's own comment comes back as an event, and so does its edit", async () => {
  const number = await it.open();
  const { body } = await it.api<CommentBody>("POST", `/repos/${repo}/issues/${number}/comments`, { body: "Building" });
  await it.api("PATCH", `/repos/${repo}/issues/comments/${body.id}`, { body: "Ready" });
  expect((await it.events("issue_comment", "created"))[0]?.payload.sender.login).toBe("mayfly-bot");
  expect((await it.events("issue_comment", "edited"))[0]?.payload).toMatchObject({
    changes: { body: { from: "Building" } },
    comment: { body: "Ready" },
  });
});

test("a comment by a bot says so", async () => {
  const number = await it.open();
  await it.github.comment({ repo, number, author: "dependabot[bot]", body: "/redeploy" });
  const [created] = await it.events("issue_comment", "created");
  expect(created?.payload.sender).toMatchObject({ login: "dependabot[bot]", type: "Bot" });
});

test("a lost delivery is recorded and can be sent again under its GUID", async () => {
  const number = await it.open();
  await it.events("pull_request", "opened");
  it.github.dropWebhooks(1);
  await it.github.comment({ repo, number, author: "alice", body: "/redeploy" });
  await expect.poll(() => it.github.deliveries()[0]?.event).toBe("issue_comment");
  const [lost] = it.github.deliveries();
  expect(lost?.statusCode).toBe(0);

  const hooks = `/repos/${repo}/hooks`;
  const { body } = await it.api<{ id: number }[]>("GET", hooks);
  const path = `${hooks}/${body[0]?.id}/deliveries`;
  expect((await it.api<Json[]>("GET", path)).body[0]).toMatchObject({ id: lost?.id, guid: lost?.guid, status_code: 0 });
  expect((await it.api("POST", `${path}/${lost?.id}/attempts`)).status).toBe(202);
  const [again] = await it.events("issue_comment");
  expect(again?.headers["x-github-delivery"]).toBe(lost?.guid);
  expect(it.github.deliveries()[0]).toMatchObject({ redelivery: true, statusCode: 202 });
});

test("a doubled delivery has one GUID; a failed one is not sent again", async () => {
  await it.open({ branch: "first" });
  await it.events("pull_request", "opened");
  it.github.duplicateWebhooks();
  await it.github.push({ repo, branch: "first", author: "alice", files: { "a.txt": "a\n" } });
  const twice = await it.events("pull_request", "synchronize");
  expect(twice).toHaveLength(2);
  expect(new Set(twice.map(({ headers }) => headers["x-github-delivery"])).size).toBe(1);

  it.github.duplicateWebhooks(false);
  it.github.pointWebhookAt({ url: "http://127.0.0.1:1/", secret });
  await it.github.push({ repo, branch: "other", author: "alice", files: { "a.txt": "a\n" } });
  await it.github.settled();
  const [failed] = it.github.deliveries();
  expect(failed).toMatchObject({ event: "push", statusCode: 502, redelivery: false });
});

test("any event can be sent by hand, and ping is one", async () => {
  it.github.ping();
  it.github.emit("installation", { action: "created", installation: { id: 1 } });
  expect((await it.events("ping"))[0]?.payload["hook_id"]).toBeTypeOf("number");
  expect((await it.events("installation"))[0]?.payload["action"]).toBe("created");
});
