import { pino } from "pino";
import type { Preview, PreviewSpec } from "../../src/domain/preview.ts";
import type { Snapshot } from "../../src/domain/stack.ts";
import type { RestLevel } from "../../src/domain/rest.ts";
import { decideEnded, decideVisited } from "../../src/intake/rest.ts";
import type { Snapshots } from "../../src/reconcile/data-ports.ts";
import type { Builds, Checkout } from "../../src/reconcile/ports.ts";
import { followChecks } from "../../src/reconcile/follow-checks.ts";
import { restServing } from "../../src/reconcile/settle.ts";
import { createTurns } from "../../src/reconcile/turns.ts";
import { reconcile } from "../../src/reconcile/reconcile.ts";
import type { World } from "../../src/reconcile/world.ts";
import { openStore } from "../../src/store/store.ts";
import { createEngineModel } from "../support/engine-model.ts";
import { type Commit, commits, stackOf } from "./kill-stack.ts";
import { pullRequest } from "../support/pull.ts";
import { images, shop } from "../support/stack.ts";

/** One call that changes something outside of the process: a kind of step, or a write into the store. */
export type Call = { kind: string; id: string };
/** Ends the process around a call: before it is made, in its middle, or when it succeeded and nobody hears of it. */
export type Kill = (call: Call, index: number) => "before" | "halfway" | "after" | null;

class Killed extends Error {}

export type Wish =
  | { push: Commit }
  | { say: "reset" | "redeploy" | "restore" }
  | { rollback: Commit; gone?: boolean }
  | { rest: "frozen" | "stopped" | "awake" }
  | "close"
  | "pin"
  | "prune"
  /** Its engine ends and comes back. */
  | "reboot"
  /** Somebody comes to what sleeps. */
  | "visit"
  /** Its database ends. */
  | "crash";

type Options = {
  visited?: boolean;
  /** A check that nobody waits for has no end. */
  endless?: boolean;
  /** Whether there is memory for what is to start. */
  room?: (kind: Parameters<World["room"]["enter"]>[1]) => Promise<boolean>;
};

/**
 * A preview on the real store and loop, over an engine model. A run of it is one process: `kill` ends it at any call,
 * after which nothing of that process reaches the outside any more; the next run starts from what is there.
 */
export function createKillWorld({ visited = false, endless = false, room = async () => true }: Options = {}) {
  let now = 1_700_000_000_000;
  let nonces = 0;
  const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  const store = openStore(":memory:", clock);
  const engine = createEngineModel({
    now: clock.now,
    fails: ({ service: { name, environment } }) => name === "web" && environment["COMMIT"]?.startsWith("b") === true,
  });
  const { key } = store.previews.ensure(pull, now);
  const found = new Map<string, Snapshot>();
  let head: Commit = "first";
  let routed: string | null = null;
  /** How much was written to its data, by whomever. */
  let count = 1;
  let rests = 0;
  let migration = "a";

  const put = (wish: Wish): void => {
    const preview = store.wishes.get(key)!;
    if (wish === "prune") return engine.prune();
    if (wish === "crash") return engine.crash("db");
    if (wish === "reboot") engine.reboot();
    if (wish === "reboot" || wish === "visit") return putAsDecided(wish, preview);
    if (typeof wish === "object" && "push" in wish) head = wish.push;
    const { spec } = preview;
    if (typeof wish === "object" && "rollback" in wish) return putRollback(preview, wish);
    if (typeof wish === "object" && "rest" in wish) return putRest(preview, wish.rest);
    const next: PreviewSpec =
      wish === "pin"
        ? { ...spec, pinned: true }
        : wish === "close"
          ? { ...spec, wanted: "absent", reason: "closed" }
          : {
              ...spec,
              wanted: "running",
              reason: "open",
              pull: { ...pull, headCommit: commits[head].repeat(40) },
              commit: commits[head].repeat(40),
              generation: spec.generation + 1,
              ...("say" in wish && wish.say === "reset" && { resetBy: spec.generation + 1 }),
              ...("say" in wish &&
                wish.say === "restore" && { restore: { generation: spec.generation + 1, id: null } }),
            };
    if (!store.wishes.put({ ...preview, spec: next })) throw new Error("the wish was not written");
  };

  const putAsDecided = (wish: "reboot" | "visit", preview: Preview): void => {
    const term = { now, serving: preview.spec.generation };
    const decision = wish === "visit" ? decideVisited(preview, term) : decideEnded(preview, now, term);
    if (decision.kind !== "changed" || !store.wishes.put(decision.preview)) throw new Error("the wish was not written");
  };

  const putRollback = (preview: Preview, { rollback, gone }: { rollback: Commit; gone?: boolean }): void => {
    const commit = commits[rollback].repeat(40);
    const goal = store.attempts.of(key).find((each) => each.commit === commit)!;
    head = rollback;
    if (gone) for (const { id } of Object.values(goal.stack!.resolved!.images)) engine.forgetImage(id);
    const rolled = { commit, rollback: { generation: goal.generation, commit } };
    const spec = { ...preview.spec, ...rolled, generation: preview.spec.generation + 1 };
    if (!store.wishes.put({ ...preview, spec })) throw new Error("the wish was not written");
  };

  const putRest = (preview: Preview, level: RestLevel): void => {
    const { generation } = preview.spec;
    const since = level === "awake" ? (preview.spec.rest?.since ?? now) : now;
    const rest = { generation, level, since, until: level === "awake" ? now : null };
    if (!store.wishes.put({ ...preview, spec: { ...preview.spec, rest } })) throw new Error("the wish was not written");
  };

  /** One process, until nothing is left to do or it is killed; answers the calls it made. */
  const live = async (kill: Kill = () => null): Promise<{ calls: Call[]; killed: boolean }> => {
    const calls: Call[] = [];
    const building = new Set<string>();
    const branching = new Set<string>();
    let dead = false;
    const check = () => {
      if (dead) throw new Killed();
    };
    const die = () => {
      dead = true;
      throw new Killed();
    };
    const act = <T>(call: Call, work: () => T, half: () => void = () => undefined): T => {
      check();
      const moment = kill(call, calls.length);
      calls.push(call);
      if (moment === "halfway") half();
      if (moment === "before" || moment === "halfway") die();
      try {
        return work();
      } finally {
        // Its answer, good or bad, is never heard.
        if (moment === "after") die();
      }
    };
    /** Every function of a port is a call; reads only notice that the process is dead. */
    const guarded = <T extends object>(port: T, kinds: Partial<Record<keyof T, string>>): T =>
      Object.fromEntries(
        Object.entries(port).map(([name, work]) => [
          name,
          (...given: unknown[]): unknown => {
            const kind = kinds[name as keyof T];
            const call = () => (work as (...all: unknown[]) => unknown)(...given);
            if (kind !== undefined) return act({ kind, id: name }, call);
            check();
            return call();
          },
        ]),
      ) as T;

    const builds: Builds = {
      request: (build) => act({ kind: "build", id: build.tag }, () => (building.add(build.tag), { state: "building" })),
      release: () => building.clear(),
      forget: async () => act({ kind: "forget logs", id: "" }, () => undefined),
    };
    const snapshots: Snapshots = {
      find: async (name) => (check(), found.get(name) ?? null),
      request: async (wish) => {
        check();
        const snapshot = found.get(wish.key);
        if (snapshot) return { state: "ready", snapshot, isNews: false };
        act({ kind: "snapshot", id: wish.key }, () => branching.add(wish.key));
        return { state: "building", isNews: true };
      },
      // What is still wanted has asked again before.
      release: (_preview, generation) => void (generation === undefined && branching.clear()),
      requestSources: async () => ({ state: "ready", isNews: false }),
    };
    const world: World = {
      wishes: guarded(store.wishes, { markGone: "mark gone" }),
      attempts: guarded(store.attempts, {
        begin: "begin",
        prepared: "keep stack",
        enter: "enter phase",
        commit: "swap",
        fail: "fail",
        retireAll: "retire",
        trouble: "trouble",
        stall: "stall",
      }),
      checks: guarded(store.checks, { begin: "begin check", end: "end check" }),
      volumes: guarded(store.volumes, { complete: "complete", forgetAll: "forget volumes" }),
      // A dead process writes no history, and its last promises must not fail because of it.
      timeline: { begin: () => undefined, end: () => undefined },
      source: { checkout: async () => (check(), { ...checkout, blobs: async () => ({ "db/1.sql": migration }) }) },
      builds,
      snapshots,
      branches: {
        countOf: async () => act({ kind: "mark", id: "count" }, () => `files ${count}`),
        isSameCount: (before, now) => before === now,
        strategy: async () => "overlay",
      },
      secretPrints: async () => ({}),
      sourceKey: (name) => name,
      takePlace: () => (check(), true),
      placeFreed: check,
      restSoon: () => (check(), void (rests += 1)),
      followSoon: check,
      turns: createTurns(),
      room: { enter: async (_, kind) => (check(), await room(kind)), left: () => undefined, waits: () => false },
      engine: {
        observe: async () => (check(), engine.observe()),
        resolveImage: async (image, tag) => (
          check(),
          engine.findImage(image.kind === "pull" ? image.reference : (tag ?? ""))
        ),
        pull: async (reference) =>
          act({ kind: "pull", id: reference }, () => void engine.images.set(reference, images["db"]!)),
        requireRoom: async () => check(),
        requireUp: async () => check(),
        gatherFacts: async () => (check(), null),
        startCheck: async (step) =>
          act(
            { kind: "check", id: step.id },
            () => engine.check(step),
            () => engine.runHalf(step),
          ),
        endOfCheck: async ({ container }) => {
          check();
          if (endless && container.includes("e2e") && !engine.isGone(container)) return "running";
          const passed = !(container.includes("smoke") && head === "unchecked");
          return engine.isGone(container) ? "gone" : { passed, how: "exited with code 1", lines: [] };
        },
        leaveHome: async () => act({ kind: "leave", id: "home" }, () => undefined),
        run: async (step) => {
          // Side by side, as on the engine: whoever is due makes its call in the same turn, and who ends takes its time.
          const turns = step.kind === "remove" || step.kind === "stop" ? 20 : 1;
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          act(
            { kind: step.kind, id: step.id },
            () => engine.run(step),
            () => engine.runHalf(step),
          );
        },
      },
      gateway: {
        publish: (preview, _stack, upstreams) => {
          check();
          routed = `g${preview.generation} ${upstreams.map((each) => each.address).join(" ")}`;
        },
        lull: (preview) => {
          check();
          routed = `g${preview.generation} asleep`;
        },
        isAsleep: () => routed?.endsWith(" asleep") ?? false,
        quiet: async () => act({ kind: "lull", id: "lull" }, () => undefined),
        tellStuck: check,
        withdraw: () => void (routed = null),
        probe: async () => {
          const status = head === "silent" ? 502 : 200;
          return act({ kind: "probe", id: "probe" }, () => ({ status, location: null, body: "" }));
        },
        drain: async () => act({ kind: "drain", id: "drain" }, () => 0),
      },
      render: async (_checkout, preview) => ({ stack: stackOf(preview, head, store.attempts.of(key)), findings: [] }),
      ignoreOf: () => null,
      projectOf: () => shop(1).project,
      tagOf: (_preview, stack, build) => `${build.name}:${stack.commit.slice(0, 1)}`,
      clock,
      imageWaitMs: 0,
      randomId: () => `n${nonces++}`,
      log: pino({ level: "silent" }),
      changed: () => undefined,
    };

    // Whoever asks for routes before the first run gets what the last process published: none.
    routed = null;
    for (let rounds = 0; rounds < 20; rounds++) {
      let again = false;
      try {
        // A visitor who waits is what brings up again what serves.
        for (const run of [...(visited ? [restServing] : []), reconcile, restServing, followChecks]) {
          const result = await run(key, world, new AbortController().signal);
          again ||= result.kind !== "done";
        }
      } catch (error) {
        if (!dead) throw error;
      }
      if (dead) return { calls, killed: true };
      for (const tag of building) engine.images.set(tag, { id: `sha256:${tag}`, ports: [], volumes: [] });
      for (const name of branching)
        found.set(name, { key: name, volume: `snapshot_${name}`, seed: "5eed", root: { uid: 0, gid: 0, mode: 0o700 } });
      if (!again && building.size + branching.size === 0) return { calls, killed: false };
      building.clear();
      branching.clear();
      now += 1000;
    }
    throw new Error("it does not come to rest");
  };

  return {
    put,
    live,
    advance: (ms: number) => void (now += ms),
    broken: engine.broken,
    /** Something is written to the data that serves. */
    write: () => void (count += 1),
    /** How often what serves was given to who rests and wakes it. */
    rests: () => rests,
    /** The next push edits the migration that ran on its data. */
    editMigration: () => void (migration += "b"),
    /** Whether that counts as people's. */
    written: () => Object.values(store.volumes.factsOf(key)).some(({ written }) => written),
    /** All that outlives the process, in words that two runs share. */
    summary: () => ({
      engine: engine.summary(),
      routed,
      deployments: store.attempts
        .of(key)
        .map((each) => `g${each.generation} ${each.phase} ${each.failure?.code ?? ""} ${each.failure?.where ?? ""}`),
      trouble: store.attempts.of(key).flatMap(({ trouble }) => trouble?.code ?? []),
      checks: store.checks.of(key).map(({ generation, name, state }) => `g${generation} ${name} ${state}`),
      whole: store.volumes.of(key).size,
      replaced: store.volumes.retiredOf(key).map(({ volume, replacedBy }) => `${volume} by g${replacedBy}`),
      gone: store.wishes.get(key)!.goneAt !== null,
    }),
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

const pull = pullRequest();

const checkout: Checkout = {
  root: "/nowhere",
  commit: "",
  special: [],
  left: [],
  readText: () => "FROM node:24",
  kindOf: () => "none",
  list: () => [],
  treeId: async () => "tree",
  measure: async () => ({ files: 1, bytes: 1 }),
  blobs: async () => ({}),
  [Symbol.asyncDispose]: async () => undefined,
};
