import { createHmac } from "node:crypto";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import type { PullRequest } from "../../src/domain/preview.ts";
import { judgeAllow } from "../../src/intake/forks.ts";
import { decideAllowed, decidePull, decideTakeBack, decideVerb } from "../../src/intake/decide.ts";
import { decideExpiry } from "../../src/intake/keep.ts";
import { createIntake } from "../../src/intake/intake.ts";
import { createWebhook } from "../../src/intake/webhook.ts";
import { refresh } from "../../src/reconcile/refresh.ts";
import { resync, type ResyncWorld } from "../../src/reconcile/resync.ts";
import { openStore } from "../../src/store/store.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { type Event, modelGitHub } from "./model-github.ts";

const secret = "s";

const rules = {
  now: 0,
  ttlMs: null,
  when: { drafts: true, bots: true, label: null, paths: [] },
  forks: "allow" as const,
  serving: null,
  sources: null,
};

/** Everything between GitHub and the wishes, on a model of GitHub. */
function server() {
  const github = modelGitHub();
  const clock = fakeClock();
  const store = openStore(":memory:", clock);
  const woken = new Set<string>();
  const looked: string[] = [];
  const wake = (key: string) => void woken.add(key);
  const intake = createIntake({ store: store.intake, clock, isOurs: () => true, wake, resync: () => undefined });
  const receive = createWebhook({ secrets: [secret], intake });
  const world: ResyncWorld = {
    forge: github.forge,
    repositories: async () => {
      const known = store.repositories.list();
      return known.length > 0 ? known : [{ name: "acme/shop", id: null }];
    },
    nameRepository: store.wishes.nameRepository,
    meet: (pull) => void store.previews.ensure(pull, clock.now()),
    live: () => store.previews.list({ gone: false }),
    find: store.wishes.get,
    wake,
    look: (key) => looked.push(key),
    heardOf: store.repositories.heard,
    hear: intake.hear,
    log: pino({ level: "silent" }),
  };
  const settle = async () => {
    for (const key of woken) {
      woken.delete(key);
      await refresh(key, {
        forge: github.forge,
        wishes: store.wishes,
        needsFiles: () => "none",
        decidePull: (preview, pull, files) => decidePull(preview, pull, rules, files),
        decideVerb: (preview, said) => decideVerb(preview, said, rules),
        decideExpiry: (preview) => decideExpiry(preview, rules),
        decideTakeBack,
        judgeAllow: (preview, argument) => judgeAllow(preview, argument, rules.forks),
        decideAllowed: (preview, said) => decideAllowed(preview, said, rules),
      });
    }
  };
  let deliveries = 0;
  return {
    github,
    store,
    woken,
    looked,
    settle,
    deliver: async ({ name, payload }: Event, delivery = `d-${deliveries++}`) => {
      const text = JSON.stringify(payload);
      const signature = `sha256=${createHmac("sha256", secret).update(text).digest("hex")}`;
      const headers = { signature, event: name, delivery, hookId: "1" };
      expect((await receive(new TextEncoder().encode(text), headers)).status).toBe(202);
    },
    round: async (thorough = false) => {
      const readWhole = await resync(world, { thorough });
      await settle();
      return readWhole;
    },
    wish: (number: number) => store.previews.get(`7-${number}`)?.spec,
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

/** Numbers in [0, 1) that are the same for the same seed (Mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("after one resync, what is wished is what GitHub says", () => {
  test.each(Array.from({ length: 150 }, (_, index) => [index + 1]))(
    "whatever became of the events on their way (seed %d)",
    async (seed) => {
      using it = server();
      await it.round();
      const random = chance(seed);
      const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
      const { deeds } = it.github;
      let opened = 0;
      for (let step = 0; step < 40; step++) {
        const number = Math.ceil(random() * Math.max(1, opened));
        const deed = pick(["open", "push", "push", "close", "merge", "reopen", "reopen", "retarget", "say", "rename"]);
        if (deed === "open") deeds.open(++opened);
        else if (deed === "rename") deeds.rename();
        else if (deed === "say") deeds.say(number, pick(["/redeploy", "/reset", "nice", "/redploy"]));
        else deeds[deed as "push"](number);
        if (random() < 0.2) it.github.down(random() < 0.5);
        await arrive(it, random);
        if (random() < 0.3) await it.settle();
      }
      it.github.down(false);
      await it.round();

      expect(it.github.pulls().length).toBe(opened);
      const known = it.github.pulls().filter(({ number, open }) => open || it.wish(number) !== undefined);
      expect(known.map(({ number }) => it.wish(number))).toMatchObject(known.map(wishFor));
      const commands = it.github.comments().filter(({ body }) => body !== "nice");
      for (const { id, number } of commands) {
        const asked = it.store.requests.open(`7-${number}`).filter(({ commentId }) => commentId === id);
        expect(asked).toMatchObject([{ state: expect.stringMatching(/accepted|answered/) }]);
      }
      const generations = it.github.pulls().map(({ number }) => it.wish(number)?.generation);
      await it.round(true);
      expect(it.github.pulls().map(({ number }) => it.wish(number)?.generation)).toEqual(generations);
    },
  );
});

/** A closed pull request that we never heard of leaves nothing behind; of any other this is so. */
function wishFor(pull: PullRequest): object {
  if (pull.open) return { wanted: "running", pull };
  return { wanted: "absent", reason: pull.merged ? "merged" : "closed" };
}

/** Some of what GitHub sent by now: in any order, lost, doubled, or two under one delivery id. */
async function arrive({ github, deliver }: ReturnType<typeof server>, random: () => number): Promise<void> {
  while (github.events.length > 0 && random() < 0.7) {
    const [event] = github.events.splice(Math.floor(random() * github.events.length), 1);
    if (event === undefined || random() < 0.25) continue;
    const id = random() < 0.2 ? "one id" : undefined;
    await deliver(event, id);
    if (random() < 0.2) await deliver(event, id);
  }
}

describe("a round without any event", () => {
  test("finds opened, pushed, closed and reopened pull requests, and reads only those that changed", async () => {
    using it = server();
    const { deeds } = it.github;
    for (const number of [1, 2, 3]) deeds.open(number);
    await it.round();
    expect([1, 2, 3].map((number) => it.wish(number)?.wanted)).toEqual(["running", "running", "running"]);
    deeds.push(1);
    deeds.close(2);
    const before = it.github.calls();
    await it.round();
    // Two for the repository, one for each pull request that changed.
    expect(it.github.calls() - before).toBe(4);
    expect(it.wish(1)).toMatchObject({ generation: 2, cause: expect.stringContaining("push") });
    expect(it.wish(2)).toMatchObject({ wanted: "absent", reason: "closed" });
    expect(it.looked).toContain("7-3");
    deeds.reopen(2);
    await it.round();
    expect(it.wish(2)).toMatchObject({ wanted: "running", cause: "reopened" });
  });

  test("a quiet repository costs two calls, and a thorough round reads every pull request again", async () => {
    using it = server();
    for (const number of [1, 2, 3, 4, 5]) it.github.deeds.open(number);
    await it.round();
    const before = it.github.calls();
    await it.round();
    expect(it.github.calls() - before).toBe(2);
    await it.round(true);
    expect(it.github.calls() - before).toBe(2 + 2 + 5);
  });

  test("what is open and has no preview, since nobody wants one now, costs no call of its own", async () => {
    using it = server();
    it.github.deeds.open(1);
    await it.round();
    it.github.deeds.say(1, "/destroy");
    await it.round();
    it.store.wishes.markGone("7-1", 1);
    const before = it.github.calls();
    await it.round();
    expect(it.github.calls() - before).toBe(2);
    expect(it.wish(1)).toMatchObject({ wanted: "absent", reason: "destroyed" });
  });

  test("a repository that could not be seen for a while is read again as soon as it is seen", async () => {
    using it = server();
    it.github.deeds.open(1);
    await it.round();
    const preview = it.store.wishes.get("7-1")!;
    it.store.wishes.put({ ...preview, spec: { ...preview.spec, wanted: "absent", reason: "repository-gone" } });
    it.store.wishes.markGone("7-1", 1);
    await it.round();
    expect(it.wish(1)).toMatchObject({ wanted: "running", cause: "wanted again" });
  });

  test("hears a command once, however often it is found, and none from before we came", async () => {
    using it = server();
    it.github.deeds.open(1);
    it.github.deeds.say(1, "/reset");
    await it.round();
    it.github.deeds.say(1, "/redeploy");
    await it.round();
    await it.deliver(it.github.events.at(-1)!);
    await it.settle();
    await it.round();
    expect(it.wish(1)).toMatchObject({ generation: 2, redeploys: 1, resetBy: 0 });
  });

  test("asks a GitHub that is down about two repositories at most, and changes nothing", async () => {
    using it = server();
    it.github.deeds.open(1);
    await it.round();
    it.github.down(true);
    expect((await it.round()).size).toBe(0);
    expect(it.wish(1)?.wanted).toBe("running");
  });
});

describe("a repository", () => {
  test("that was renamed or transferred keeps its previews and their slugs, under its new name", async () => {
    using it = server();
    it.github.deeds.open(1);
    await it.round();
    it.github.deeds.rename();
    await it.round();
    expect(it.store.previews.get("7-1")).toMatchObject({ slug: "shop-pr-1", repository: it.github.repository.name });
    expect(it.wish(1)).toMatchObject({ wanted: "running", generation: 1 });
  });
});
