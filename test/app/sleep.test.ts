import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSleep, type Sleep } from "../../src/app-sleep.ts";
import { loadServerConfig } from "../../src/config/server.ts";
import { describeFailure, EngineError } from "../../src/domain/errors.ts";
import { createSwitchboard } from "../../src/gateway/switchboard.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { pullRequest } from "../support/pull.ts";
import { shop } from "../support/stack.ts";

const key = "7-42";
const minuteMs = 60_000;
const text = "defaults: { freeze_after: 15m, stop_after: 2h }";
const config = loadServerConfig({ path: null, text, environment: {}, readFile: () => "" });
const routed = { preview: key, slug: "shop-pr-42", host: "", path: "/", service: "web", upstream: null } as const;
const route = { ...routed, generation: 1, state: "serving" } as const;

let clock: ReturnType<typeof fakeClock>;
let store: Store;
let sleep: Sleep;
let watching: AsyncDisposable;
let requests: number;
let waking: boolean;
let rested: string[];
let switchboard: ReturnType<typeof createSwitchboard>;

beforeEach(() => {
  clock = fakeClock();
  store = openStore(":memory:", clock);
  [requests, waking, rested] = [0, false, []];
  switchboard = createSwitchboard((slug) => `${slug}.preview.localhost`);
  const preview = store.previews.ensure(pullRequest(), clock.now());
  const wish = { wanted: "running", reason: "open", generation: 1, activeAt: clock.now() } as const;
  store.wishes.put({ ...preview, spec: { ...preview.spec, ...wish } });
  store.attempts.begin({ preview: key, generation: 1, commit: "a", cause: "opened" });
  store.attempts.commit(key, shop(1));
  sleep = createSleep({
    config,
    store,
    switchboard,
    underWay: () => requests,
    isWaking: () => waking,
    rest: (each) => void rested.push(each),
    clock,
    log: pino({ level: "silent" }),
  });
  watching = sleep.watch();
});
afterEach(async () => {
  await watching[Symbol.asyncDispose]();
  store[Symbol.dispose]();
});

const level = () => store.wishes.get(key)?.spec.rest?.level ?? "awake";
const pass = async (minutes: number) => {
  // The timer looks every 30 seconds.
  for (let half = 0; half < minutes * 2; half++) await clock.advance(minuteMs / 2);
};
const use = (kind: "request" | "traffic", agent = "Mozilla/5.0") =>
  sleep.activity(route, { kind, headers: { "user-agent": agent } });

test("what was never visited freezes, is stopped later, and wakes for a visitor", async () => {
  await pass(14);
  expect([level(), rested]).toEqual(["awake", []]);
  await pass(2);
  expect([level(), rested]).toEqual(["frozen", [key]]);
  await pass(106);
  expect(level()).toBe("stopped");
  sleep.wake.ask(key);
  expect([level(), rested]).toEqual(["awake", [key, key, key]]);
  expect(store.wishes.get(key)?.spec.generation).toBe(1);
});

test.each([
  ["requests", () => use("request")],
  ["traffic on a socket", () => use("traffic")],
  ["a request under way", () => void (requests = 1)],
  ["waking up", () => void (waking = true)],
])("%s keeps it awake", async (_what, go) => {
  for (let quarter = 0; quarter < 4; quarter++) {
    go();
    await pass(10);
  }
  expect(level()).toBe("awake");
});

test("neither a crawler's requests nor an open socket without traffic keep it awake", async () => {
  use("traffic");
  for (let minute = 0; minute < 16; minute++) {
    use("request", "Slackbot-LinkExpanding 1.0");
    await pass(1);
  }
  expect(level()).toBe("frozen");
});

test("traffic through a frozen preview's open socket wakes it, once for many messages", async () => {
  await pass(16);
  switchboard.lull({ key, slug: "shop-pr-42", generation: 1 }, shop(1));
  expect(level()).toBe("frozen");
  for (let message = 0; message < 50; message++) use("traffic");
  expect([level(), rested]).toEqual(["awake", [key, key]]);
});

test("a check that goes on keeps it awake, and its end lets it sleep", async () => {
  const check = { preview: key, generation: 1, name: "load" };
  store.checks.begin({ ...check, required: false });
  await pass(20);
  expect(level()).toBe("awake");
  store.checks.end({ ...check, state: "passed", detail: null, log: [] });
  await pass(20);
  expect(level()).toBe("frozen");
});

test("while an attempt is under way nothing is put to sleep", async () => {
  const preview = store.wishes.get(key)!;
  store.wishes.put({ ...preview, spec: { ...preview.spec, generation: 2 } });
  store.attempts.begin({ preview: key, generation: 2, commit: "b", cause: "push" });
  await pass(30);
  expect(level()).toBe("awake");
  store.attempts.fail(key, 2, describeFailure(new EngineError("build-failed", "it failed")));
  await pass(1);
  expect(level()).toBe("frozen");
});

test("a visit to what did not wake tries again", () => {
  sleep.wake.ask(key);
  expect(rested).toEqual([key]);
});
