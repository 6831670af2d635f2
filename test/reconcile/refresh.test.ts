import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RemoteError } from "../../src/domain/errors.ts";
import type { PullRequest } from "../../src/domain/preview.ts";
import type { Verb } from "../../src/domain/verbs.ts";
import {
  decideAllowed,
  decidePull,
  decideTakeBack,
  decideVerb,
  needsFiles,
  type Rules,
} from "../../src/intake/decide.ts";
import { judgeAllow } from "../../src/intake/forks.ts";
import { decideExpiry } from "../../src/intake/keep.ts";
import { refresh } from "../../src/reconcile/refresh.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { pullRequest } from "../support/pull.ts";

const pull = pullRequest();
const key = "7-42";
const clock = fakeClock();
let store: Store;
/** What the forge would say; a fault where a test wants one. */
let said: PullRequest | null | RemoteError;
let writers: string[] | RemoteError;
let files: string[] | RemoteError;
let paths: string[];
const rules = (): Rules => ({
  now: clock.now(),
  ttlMs: 72 * 3_600_000,
  when: { drafts: true, bots: true, label: null, paths },
  forks: "allow",
  serving: null,
  sources: null,
});

beforeEach(() => {
  store = openStore(":memory:", clock);
  store.previews.ensure(pull, clock.now());
  said = pull;
  writers = ["ann"];
  files = [];
  paths = [];
});
afterEach(() => store[Symbol.dispose]());

const once = () =>
  refresh(key, {
    wishes: store.wishes,
    needsFiles: (preview, pull) => needsFiles(preview, pull, rules()),
    decidePull: (preview, pull, files) => decidePull(preview, pull, rules(), files),
    decideVerb: (preview, said) => decideVerb(preview, said, rules()),
    decideExpiry: (preview) => decideExpiry(preview, rules()),
    decideTakeBack,
    judgeAllow: (preview, argument) => judgeAllow(preview, argument, rules().forks),
    decideAllowed: (preview, said) => decideAllowed(preview, said, rules()),
    forge: {
      readPull: async () => answer(said),
      changedFiles: async () => answer(files),
      pushedFiles: async () => answer(files),
      mayWrite: async (_repository, person) => answer(writers).includes(person),
    },
  });
const wish = () => store.previews.get(key)!.spec;
const down = new RemoteError("forge-unreachable", "GitHub is down", { retry: "backoff" });

function answer<T>(value: T | RemoteError): T {
  if (value instanceof RemoteError) throw value;
  return value;
}
function comment(verb: Verb | "misspelled", author: string, commentId = 1, argument: string | null = null): void {
  store.requests.add({
    preview: key,
    repository: pull.repository,
    number: 42,
    verb,
    argument,
    author,
    commentId,
    receivedAt: clock.now() + commentId,
  });
}

describe("the wish", () => {
  test("is what the forge says, not what the event said", async () => {
    store.previews.hint(key, { ...pull, headCommit: "b".repeat(40) });
    await once();
    expect(wish().pull?.headCommit).toBe("a".repeat(40));
    expect(store.wishes.hintOf(key)).toBeNull();
  });

  test("follows the event only while the forge is down, and is corrected when it is back", async () => {
    store.previews.hint(key, { ...pull, headCommit: "b".repeat(40) });
    said = down;
    expect(await once()).toBe(down);
    expect(wish()).toMatchObject({ generation: 1, pull: { headCommit: "b".repeat(40) } });
    said = pull;
    expect(await once()).toBeNull();
    expect(wish()).toMatchObject({ generation: 2, pull: { headCommit: "a".repeat(40) } });
  });

  test("stays as it is when the forge is down and no event told anything", async () => {
    await once();
    said = down;
    expect(await once()).toBe(down);
    expect(wish()).toMatchObject({ wanted: "running", generation: 1 });
  });

  test("is not touched by another repository that took the name", async () => {
    await once();
    said = { ...pull, repositoryId: 8, headRepositoryId: 8, open: false };
    expect(await once()).toMatchObject({ code: "forge-refused" });
    expect(wish().wanted).toBe("running");
  });

  test("waits while the forge cannot say which files changed, and is decided when it can", async () => {
    paths = ["apps/**"];
    store.previews.hint(key, pull);
    files = down;
    expect(await once()).toBe(down);
    expect(wish()).toMatchObject({ reason: "unread", generation: 0 });
    files = ["apps/shop/cart.ts"];
    expect(await once()).toBeNull();
    expect(wish()).toMatchObject({ wanted: "running", generation: 1 });
  });

  test("is not touched by a refusal of the forge, such as a revoked token", async () => {
    await once();
    store.previews.hint(key, { ...pull, open: false });
    said = new RemoteError("forge-refused", "bad credentials", { status: 401 });
    await once();
    expect(wish().wanted).toBe("running");
  });
});

describe("a repository that was deleted", () => {
  const notFound = new RemoteError("forge-refused", "GitHub answered 404", { status: 404 });

  test("takes its previews with it when both the event and GitHub's answer say so", async () => {
    await once();
    expect(store.intake.sayRepositoryGone(7, clock.now())).toEqual([key]);
    said = notFound;
    expect(await once()).toBeNull();
    expect(wish()).toMatchObject({ wanted: "absent", reason: "repository-gone" });
  });

  test("is not taken for deleted by a refusal alone, nor by the event alone", async () => {
    await once();
    said = notFound;
    await once();
    expect(wish().wanted).toBe("running");
    store.intake.sayRepositoryGone(7, clock.now());
    said = down;
    await once();
    said = pull;
    await once();
    expect(wish().wanted).toBe("running");
  });

  test("and restored is served again", async () => {
    await once();
    store.intake.sayRepositoryGone(7, clock.now());
    said = notFound;
    await once();
    store.previews.ensure(pull, clock.now());
    said = pull;
    await once();
    expect(wish()).toMatchObject({ wanted: "running", generation: 2 });
    said = notFound;
    await once();
    expect(wish().wanted).toBe("running");
  });
});

describe("a command", () => {
  test("of someone who may write changes the wish, once", async () => {
    comment("redeploy", "ann");
    expect(await once()).toBeNull();
    await once();
    expect(wish()).toMatchObject({ generation: 2, redeploys: 1 });
    expect(store.requests.open(key)).toMatchObject([{ state: "accepted", generation: 2 }]);
  });

  test("of an outsider never touches the wish, and the reason is told", async () => {
    comment("destroy", "mallory");
    await once();
    expect(wish()).toMatchObject({ wanted: "running", generation: 1 });
    expect(store.requests.open(key)).toMatchObject([
      { state: "answered", reaction: "-1", answer: expect.stringContaining("write permission") },
    ]);
  });

  test("waits while the forge cannot say who may", async () => {
    comment("destroy", "ann");
    writers = down;
    expect(await once()).toBe(down);
    expect(store.requests.open(key)).toMatchObject([{ state: "waiting" }]);
    writers = ["ann"];
    await once();
    expect(wish()).toMatchObject({ wanted: "absent", reason: "destroyed" });
  });

  test("several are carried out in the order they were said", async () => {
    comment("destroy", "ann", 1);
    comment("deploy", "ann", 2);
    await once();
    expect(wish()).toMatchObject({ wanted: "running", generation: 2 });
  });

  test("for a link is accepted without changing the wish; off takes back all keys, and starts nothing anew", async () => {
    comment("share", "ann", 1, "7d");
    comment("share", "ann", 2, "forever");
    await once();
    expect(wish()).toMatchObject({ generation: 1, takenBack: 0 });
    expect(store.requests.open(key)).toMatchObject([
      { state: "accepted" },
      { state: "answered", reaction: "confused", answer: expect.stringContaining("`/share 7d`") },
    ]);
    comment("share", "ann", 3, "off");
    comment("share", "mallory", 4, "off");
    await once();
    expect(wish()).toMatchObject({ generation: 1, takenBack: 1 });
    expect(store.requests.open(key).slice(2)).toMatchObject([{ state: "accepted" }, { reaction: "-1" }]);
  });

  test("that allows a fork's commit counts once it is stored, for that commit and its pull request alone", async () => {
    const fork = { ...pull, headRepositoryId: 8 };
    said = fork;
    comment("allow", "ann", 1, "b".repeat(40));
    comment("allow", "mallory", 2, "a".repeat(40));
    await once();
    expect(wish()).toMatchObject({ wanted: "blocked", reason: "fork", generation: 0 });
    expect(store.requests.open(key)).toMatchObject([
      { reaction: "confused", answer: expect.stringContaining("`/allow aaaaaaaaaaaa`") },
      { reaction: "-1", answer: expect.stringContaining("write permission") },
    ]);
    expect(store.previews.get(key)?.allowed).toEqual([]);
    comment("allow", "ann", 3, "aaaaaaa");
    await once();
    await once();
    expect(store.previews.get(key)?.allowed).toEqual(["a".repeat(40)]);
    expect(wish()).toMatchObject({ wanted: "running", generation: 1, cause: "aaaaaaa allowed by ann" });
    said = { ...fork, headCommit: "b".repeat(40) };
    await once();
    expect(wish()).toMatchObject({ wanted: "blocked", reason: "fork", generation: 1 });
    expect(store.previews.ensure({ ...fork, number: 43 }, clock.now()).allowed).toEqual([]);
  });

  test("nearly right is answered with the right one, and help with the list", async () => {
    comment("misspelled", "ann", 1, "redploy redeploy");
    comment("help", "mallory", 2);
    await once();
    const answers = store.requests.open(key).map((request) => request.answer);
    expect(answers[0]).toContain("/redeploy");
    expect(answers[1]).toContain("`/reset`");
    expect(wish().generation).toBe(1);
  });
});

describe("a preview that nobody uses", () => {
  const ttlMs = 72 * 3_600_000;

  test("goes when its time is over, also while the forge is down, and comes back with a push", async () => {
    await once();
    store.places.give(() => [key]);
    await clock.advance(ttlMs - 1);
    await once();
    expect(wish().wanted).toBe("running");
    await clock.advance(1);
    said = down;
    await once();
    expect(wish()).toMatchObject({ wanted: "absent", reason: "expired", generation: 1 });
    said = pull;
    await once();
    expect(wish().reason).toBe("expired");
    said = { ...pull, headCommit: "b".repeat(40) };
    await once();
    expect(wish()).toMatchObject({ wanted: "running", generation: 2 });
  });

  test("stays when it was visited, which changes no revision", async () => {
    await once();
    store.places.give(() => [key]);
    const { revision } = store.previews.get(key)!;
    await clock.advance(ttlMs - 1);
    store.previews.visited(key, clock.now());
    await clock.advance(ttlMs - 1);
    await once();
    expect(store.previews.get(key)).toMatchObject({ revision, spec: { wanted: "running" } });
  });

  test("waits for what somebody said before its end, while the forge cannot say who may", async () => {
    await once();
    store.places.give(() => [key]);
    await clock.advance(ttlMs);
    comment("pin", "ann");
    writers = down;
    await once();
    expect(wish().wanted).toBe("running");
    writers = ["ann"];
    await once();
    expect(wish()).toMatchObject({ wanted: "running", pinned: true, generation: 1 });
  });
});
