import { createHmac } from "node:crypto";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { afterEach, describe, expect, test } from "vitest";
import { createIntake } from "../../src/intake/intake.ts";
import { createWebhook } from "../../src/intake/webhook.ts";
import { openStore } from "../../src/store/store.ts";

const secrets = ["new secret", "old secret"];
const clock = { now: () => 1_700_000_000_000, sleep: async () => {} };
const opened: Disposable[] = [];
afterEach(() => {
  for (const store of opened.splice(0)) store[Symbol.dispose]();
});

function server() {
  const store = openStore(":memory:", clock);
  opened.push(store);
  const woken: string[] = [];
  let resyncs = 0;
  const intake = createIntake({
    store: store.intake,
    clock,
    isOurs: (name) => !name.startsWith("stranger/"),
    wake: (key) => woken.push(key),
    resync: () => resyncs++,
  });
  return { store, woken, resyncs: () => resyncs, receive: createWebhook({ secrets, intake }) };
}

function sign(body: string, secret = "new secret"): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

const payload = {
  action: "opened",
  repository: { id: 7, full_name: "acme/shop", private: false },
  pull_request: {
    number: 42,
    title: "Cart",
    state: "open",
    merged: false,
    draft: false,
    user: { login: "ann" },
    labels: [],
    head: { sha: "a".repeat(40), ref: "cart", repo: { id: 7 } },
    base: { ref: "main" },
  },
};
const body = JSON.stringify(payload);
const headers = { signature: sign(body), event: "pull_request", delivery: "d-1", hookId: "1" };
const bytes = (text: string) => new TextEncoder().encode(text);

describe("a delivery", () => {
  test("is stored and wakes its preview before it is acknowledged", async () => {
    const { receive, store, woken } = server();
    expect(await receive(bytes(body), headers)).toEqual({
      status: 202,
      answer: { status: "accepted", reason: "pull request opened" },
    });
    expect(store.previews.get("7-42")).toMatchObject({ slug: "shop-pr-42", spec: { reason: "unread" } });
    expect(store.wishes.hintOf("7-42")).toMatchObject({ headCommit: "a".repeat(40), headRepositoryId: 7 });
    expect(woken).toEqual(["7-42"]);
  });

  test("received again, changes nothing and still wakes the preview", async () => {
    const { receive, woken } = server();
    await receive(bytes(body), headers);
    expect(await receive(bytes(body), headers)).toMatchObject({ status: 202, answer: { status: "duplicate" } });
    expect(woken).toEqual(["7-42", "7-42"]);
  });

  test("with the same id but another body or hook is another delivery", async () => {
    const { receive } = server();
    const other = JSON.stringify({ ...payload, action: "synchronize" });
    await receive(bytes(body), headers);
    expect(await receive(bytes(other), { ...headers, signature: sign(other) })).toMatchObject({
      answer: { status: "accepted" },
    });
    expect(await receive(bytes(body), { ...headers, hookId: "2" })).toMatchObject({ answer: { status: "accepted" } });
  });

  test("signed with the secret that is being rotated out is accepted", async () => {
    expect(await server().receive(bytes(body), { ...headers, signature: sign(body, "old secret") })).toMatchObject({
      status: 202,
    });
  });

  test.each<[string, string]>([
    ["missing", ""],
    ["empty", "sha256="],
    ["of another secret", sign(body, "guess")],
    ["of another body", sign(`${body} `)],
    ["SHA-1", `sha1=${createHmac("sha1", "new secret").update(body).digest("hex")}`],
    ["of the empty secret", sign(body, " ")],
  ])("with a signature that is %s is refused", async (_name, signature) => {
    const { receive, store } = server();
    expect(await receive(bytes(body), { ...headers, signature })).toMatchObject({
      status: 401,
      answer: { code: "bad-signature" },
    });
    expect(store.previews.list({ gone: true })).toEqual([]);
  });

  test("is verified over its very bytes: a byte order mark counts", async () => {
    const { receive } = server();
    const marked = Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes(body)]);
    expect(await receive(marked, headers)).toMatchObject({ status: 401 });
    expect(await receive(Uint8Array.from([0xff, 0xfe]), headers)).toMatchObject({ status: 401 });
  });

  test.each<[string, string, string]>([
    ["not JSON", "{", "body is not JSON"],
    [
      "lacks a field",
      JSON.stringify({ ...payload, pull_request: { ...payload.pull_request, head: undefined } }),
      "lacks pull_request.head",
    ],
    [
      "has no commit for a head",
      JSON.stringify({
        ...payload,
        pull_request: { ...payload.pull_request, head: { sha: "--upload-pack", ref: "x", repo: null } },
      }),
      "pull_request.head.sha",
    ],
  ])("that %s is refused with what is wrong", async (_name, text, problem) => {
    const answer = await server().receive(bytes(text), { ...headers, signature: sign(text) });
    expect(answer).toMatchObject({
      status: 400,
      answer: { code: "body-invalid", what: expect.stringContaining(problem) },
    });
  });

  test.each([
    ["form-encoded", `payload=${encodeURIComponent(body)}`],
    ["cut off", body.slice(0, -10)],
    ["XML", "<payload/>"],
    ["two documents", `${body}\n${body}`],
  ])("that is %s is refused, and says which content type to set", async (_name, text) => {
    const answer = await server().receive(bytes(text), { ...headers, signature: sign(text) });
    expect(answer).toMatchObject({ status: 400, answer: { what: expect.stringContaining("application/json") } });
  });

  test.each([
    "action",
    "repository",
    "repository.id",
    "repository.full_name",
    "repository.private",
    "pull_request",
    "pull_request.number",
    "pull_request.title",
    "pull_request.state",
    "pull_request.user",
    "pull_request.head",
    "pull_request.head.sha",
    "pull_request.head.ref",
    "pull_request.head.repo",
    "pull_request.base",
    "pull_request.base.ref",
  ])("that lacks %s is refused with its name, and leaves nothing behind", async (field) => {
    const { receive, store } = server();
    const text = JSON.stringify(without(payload, field.split(".")));
    expect(await receive(bytes(text), { ...headers, signature: sign(text) })).toMatchObject({
      status: 400,
      answer: { code: "body-invalid", what: expect.stringContaining(`lacks ${field}:`) },
    });
    expect(store.previews.list({ gone: true })).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["a list", []],
    ["a number", 7],
    ["a text", "opened"],
    ["an object in a number's place", { ...payload, repository: { ...payload.repository, id: {} } }],
    ["a number beyond what is exact", { ...payload, repository: { ...payload.repository, id: 2 ** 60 } }],
  ])("that is %s is refused", async (_name, value) => {
    const text = JSON.stringify(value);
    expect(await server().receive(bytes(text), { ...headers, signature: sign(text) })).toMatchObject({ status: 400 });
  });

  test("of a repository that is not ours is ignored, and says so", async () => {
    const text = JSON.stringify({ ...payload, repository: { ...payload.repository, full_name: "stranger/shop" } });
    expect(await server().receive(bytes(text), { ...headers, signature: sign(text) })).toMatchObject({
      status: 202,
      answer: { status: "ignored", reason: expect.stringContaining("stranger/shop") },
    });
  });

  test("of every recorded kind is answered, and nothing of issues or bots becomes a request", async () => {
    const { receive, store } = server();
    let count = 0;
    for (const { name, examples: recorded } of examples as unknown as { name: string; examples: object[] }[]) {
      for (const example of recorded) {
        const text = JSON.stringify(example);
        const answer = await receive(bytes(text), {
          signature: sign(text),
          event: name,
          delivery: `r-${count++}`,
          hookId: "1",
        });
        expect(answer.status).toBe(202);
      }
    }
    expect(count).toBeGreaterThan(200);
    for (const preview of store.previews.list({ gone: true })) expect(store.requests.open(preview.key)).toEqual([]);
  });
});

/** The value with what stands at a path left out. */
function without(value: object, [name = "", ...rest]: string[]): object {
  const { [name]: found, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [name]: without(found as object, rest) };
}

describe("a comment", () => {
  const comment = (text: string, more: object = {}, user: object = { login: "bob", type: "User" }) =>
    JSON.stringify({
      action: "created",
      repository: payload.repository,
      issue: { number: 42, pull_request: {}, ...more },
      comment: { id: 99, body: text, user },
    });
  const say = (text: string) => [bytes(text), { ...headers, event: "issue_comment", signature: sign(text) }] as const;

  test("with a command is stored as a request, whoever said it, and touches no wish", async () => {
    const { receive, store } = server();
    expect(await receive(...say(comment("/destroy")))).toMatchObject({
      answer: { status: "accepted", reason: "command /destroy" },
    });
    expect(store.requests.open("7-42")).toMatchObject([
      { verb: "destroy", author: "bob", commentId: 99, state: "waiting" },
    ]);
    expect(store.previews.get("7-42")?.spec.reason).toBe("unread");
  });

  test.each<[string, string]>([
    ["a bot's", comment("/redeploy", {}, { login: "dependabot[bot]", type: "Bot" })],
    ["our own", comment("/redeploy\n<!-- mayfly:preview 7-42 -->")],
    ["one on an issue", comment("/redeploy", { pull_request: undefined })],
    ["no command", comment("nice work")],
    ["another bot's command", comment("/lgtm")],
  ])("%s is ignored", async (_name, text) => {
    const { receive, store } = server();
    expect(await receive(...say(text))).toMatchObject({ answer: { status: "ignored" } });
    expect(store.previews.list({ gone: true })).toEqual([]);
  });
});

test("an installation event asks for a resync", async () => {
  const { receive, resyncs } = server();
  const text = JSON.stringify({ action: "created" });
  expect(await receive(bytes(text), { ...headers, event: "installation", signature: sign(text) })).toMatchObject({
    answer: { status: "accepted" },
  });
  expect(resyncs()).toBe(1);
});

test.each(["renamed", "transferred", "archived", "privatized"])(
  "a repository that is %s asks for a resync",
  async (action) => {
    const { receive, resyncs } = server();
    const text = JSON.stringify({ action, repository: payload.repository });
    expect(await receive(bytes(text), { ...headers, event: "repository", signature: sign(text) })).toMatchObject({
      answer: { status: "accepted", reason: `repository ${action}` },
    });
    expect(resyncs()).toBe(1);
  },
);

test("a repository that is deleted wakes its previews, so that GitHub is asked", async () => {
  const { receive, woken } = server();
  await receive(bytes(body), headers);
  const text = JSON.stringify({ action: "deleted", repository: payload.repository });
  const answer = await receive(bytes(text), { ...headers, event: "repository", signature: sign(text) });
  expect(answer).toMatchObject({ answer: { status: "accepted", reason: "repository deleted" } });
  expect(woken).toEqual(["7-42", "7-42"]);
});
