import type Docker from "dockerode";
import type { Logger } from "pino";
import type { PlaceDesk } from "./app-places.ts";
import type { Sleep } from "./app-sleep.ts";
import type { ServerConfig } from "./config/server.ts";
import { bytesOf } from "./config/quantity.ts";
import type { Turn } from "./domain/admission.ts";
import { EngineError } from "./domain/errors.ts";
import { isUnderWay, servingOf } from "./domain/preview.ts";
import {
  isAmple,
  isCalm,
  leftAtMost,
  mayStart,
  type Memory,
  needOf,
  type Shortage,
  type Tenant,
  whoRests,
} from "./domain/pressure.ts";
import { restLevelOf } from "./domain/rest.ts";
import type { Clock } from "./domain/time.ts";
import { measureMemory, memoryOfPreviews } from "./engine/memory.ts";
import { every } from "./reconcile/every.ts";
import type { Room } from "./reconcile/ports.ts";
import type { Store } from "./store/store.ts";

type PressureWorld = {
  config: ServerConfig;
  server: string;
  docker: Docker;
  /** Whether the engine runs on this machine. */
  isLocal: boolean;
  store: Pick<Store, "attempts" | "previews">;
  places: Pick<PlaceDesk, "crowd">;
  sleep: Pick<Sleep, "lastUse" | "press">;
  /** Its turn is another one. */
  tell(key: string): void;
  clock: Clock;
  log: Logger;
};

export type Pressure = Room & {
  /** The turn of a preview that waits for memory; null for any other. */
  turnOf(key: string): Turn | null;
  /** As it was last measured; null where it cannot be. */
  memory(): Memory | null;
  /** Looks now and then whether there is room; from then on others are put to sleep for it. */
  watch(): AsyncDisposable;
};

/** Woken side by side: what needs more than an unpause takes the machine's processors too. */
const wakesAtOnce = 4;
/** Who was let start uses by then what it is going to use. */
const promiseMs = 60_000;
/** Who waits asks again and again; who does not gave up. */
const patienceMs = 15_000;
/** What previews use is asked of the engine, a call a container. */
const sampleMs = 20_000;
const sampleSoonMs = 2000;
const unusedMs = 60_000;
/** Of those who wait, so many hear of a new turn when it comes. */
const toldAtOnce = 10;

/** Lets previews start as far as the machine's memory goes, and puts the least recently used to sleep where it does not. */
export function createPressure(world: PressureWorld): Pressure {
  const { config, store, places, sleep, clock, log } = world;
  const waiting = new Map<string, { since: number; askedAt: number }>();
  const promised = new Map<string, { bytes: number; at: number }>();
  const waking = new Set<string>();
  /** Who found as many waking as may, and when it asked last. */
  const atDoor = new Map<string, number>();
  const usedBefore = new Map<string, number>();
  let used: ReadonlyMap<string, number> = new Map();
  let sampledAt = -Infinity;
  let memory: Memory | null = null;

  const measure = async (): Promise<void> => {
    const seen = await measureMemory(world);
    memory = seen && { ...seen, reserveBytes: bytesOf(config.memory.reserve, seen.totalBytes) };
  };
  const sample = async (afterMs: number): Promise<void> => {
    if (memory === null || clock.now() - sampledAt < afterMs) return;
    sampledAt = clock.now();
    used = await memoryOfPreviews(world.docker, world.server);
    for (const [key, bytes] of used) usedBefore.set(key, bytes);
  };
  const tenants = (): Tenant[] =>
    store.previews.list({ gone: false }).flatMap((preview): Tenant[] => {
      const { key, repositoryId, spec } = preview;
      const deployments = store.attempts.of(key);
      const serving = servingOf(deployments);
      const usedBytes = used.get(key) ?? 0;
      if (serving === null)
        return [
          {
            key,
            repositoryId,
            level: "awake",
            usedBytes,
            usedAt: 0,
            awakeSince: 0,
            isHeld: true,
            waits: waiting.has(key),
          },
        ];
      const { usedAt, isUsed } = sleep.lastUse(preview, serving);
      const wokenAt = spec.rest?.generation === serving.generation ? (spec.rest.until ?? 0) : 0;
      const isBusy =
        deployments.some(isUnderWay) || !deployments.some(({ generation }) => generation === spec.generation);
      return [
        {
          key,
          repositoryId,
          level: restLevelOf(spec, serving.generation),
          usedBytes,
          usedAt,
          awakeSince: Math.max(wokenAt, serving.readyAt ?? 0),
          isHeld: spec.wanted !== "running" || spec.pinned || isUsed || isBusy || waiting.has(key),
          waits: waiting.has(key),
          stays: spec.wanted === "running" && spec.pinned,
        },
      ];
    });
  /** Promised, and not in use yet. */
  const promisedBytes = (): number => {
    for (const [key, { at }] of promised) if (clock.now() - at > promiseMs) promised.delete(key);
    return [...promised].reduce((sum, [key, { bytes }]) => sum + Math.max(0, bytes - (used.get(key) ?? 0)), 0);
  };
  const line = (): string[] => {
    for (const [key, { askedAt }] of waiting) if (clock.now() - askedAt > patienceMs) waiting.delete(key);
    return [...waiting].toSorted(([, a], [, b]) => a.since - b.since).map(([key]) => key);
  };
  const shortageFor = (needBytes: number): Shortage => ({
    memory,
    needBytes,
    promisedBytes: promisedBytes(),
    ...places.crowd(),
  });
  const makeRoom = (needBytes: number): void => {
    const calm = { leastAwakeMs: config.memory.awakeMs, leastUnusedMs: Math.min(unusedMs, config.memory.awakeMs / 5) };
    const shortage = shortageFor(needBytes);
    if (isCalm(shortage)) return;
    for (const { key, level } of whoRests(tenants(), shortage, { now: clock.now(), ...calm })) {
      if (!sleep.press(key, level)) continue;
      if (level === "stopped") promised.delete(key);
      log.info({ preview: key, level, availableBytes: memory?.availableBytes }, "put to sleep to make room");
    }
  };

  return {
    async enter(key, kind) {
      if (kind === "wake" && !waking.has(key) && waking.size >= wakesAtOnce) {
        atDoor.set(key, clock.now());
        return false;
      }
      atDoor.delete(key);
      await measure();
      let has = 0;
      const needed = (): number => Math.max(0, needOf(key, usedBefore) - has);
      const others = (): Tenant[] => tenants().filter((each) => each.key !== key);
      const isItsTurn = (): boolean => {
        const [first = key] = line();
        if (promised.has(key) || first !== key) return promised.has(key);
        const shortage = shortageFor(needed());
        return isAmple(shortage) || mayStart(shortage, others());
      };
      let goes = isItsTurn();
      if (!goes) {
        await sample(sampleSoonMs);
        // What of it still runs has its memory.
        if (kind === "restart") has = used.get(key) ?? 0;
        goes = isItsTurn();
      }
      if (goes) {
        if (waiting.delete(key)) for (const each of line().slice(0, toldAtOnce)) world.tell(each);
        promised.set(key, promised.get(key) ?? { bytes: needed(), at: clock.now() });
        if (kind === "wake") waking.add(key);
        return true;
      }
      const most = leftAtMost(shortageFor(needed()), others());
      if (most !== null) {
        // Others need not wait behind who waits for nothing.
        waiting.delete(key);
        log.info({ preview: key, needBytes: needed(), mostBytes: most }, "there can be no room for it");
        throw tooLarge();
      }
      const now = clock.now();
      const isNew = !waiting.has(key);
      waiting.set(key, { since: waiting.get(key)?.since ?? now, askedAt: now });
      if (isNew) world.tell(key);
      if (line()[0] === key) makeRoom(needed());
      return false;
    },
    left: (key) => void waking.delete(key),
    waits: (key) => clock.now() - (atDoor.get(key) ?? -Infinity) <= patienceMs || line().includes(key),
    turnOf(key) {
      const all = line();
      const place = all.indexOf(key) + 1;
      const up = [...used.values()].filter((bytes) => bytes > 0).length;
      return place === 0 ? null : { place, of: all.length, up, max: null, limit: "memory" };
    },
    memory: () => memory,
    watch: () =>
      every({
        ...world,
        everyMs: Math.max(250, Math.min(5000, config.memory.awakeMs / 10)),
        look: () =>
          void measure()
            .then(() => sample(sampleMs))
            .then(
              () => makeRoom(0),
              (error: unknown) => log.warn({ err: error }, "memory in use could not be measured"),
            ),
        failed: "looking for room failed",
      }),
  };
}

/** In words that stay the same, however much it is at each look: each change is an edit of the comment. */
function tooLarge(): EngineError {
  const what = "it needs more memory than can be had beside what is pinned, if all else sleeps";
  return new EngineError("memory-short", what, { retry: "backoff" });
}
