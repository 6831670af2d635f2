import type { Logger } from "pino";
import { createVisits } from "./app-when.ts";
import { type ServerConfig, settingsFor } from "./config/server.ts";
import { lastUsedAt } from "./domain/lifetime.ts";
import { type Deployment, isUnderWay, type Preview, servingOf } from "./domain/preview.ts";
import type { RestLevel } from "./domain/rest.ts";
import type { Clock } from "./domain/time.ts";
import type { Activity } from "./gateway/handle.ts";
import { generationKey } from "./gateway/route-table.ts";
import type { Switchboard } from "./gateway/switchboard.ts";
import { isVisit } from "./gateway/visit.ts";
import type { WakePort } from "./gateway/wake.ts";
import type { Decision } from "./intake/decide.ts";
import { decideDrowsy, decideEnded, decidePressed, decideVisited } from "./intake/rest.ts";
import { every } from "./reconcile/every.ts";
import type { Store } from "./store/store.ts";

type SleepWorld = {
  config: ServerConfig;
  store: Pick<Store, "attempts" | "checks" | "previews" | "wishes">;
  switchboard: Switchboard;
  /** Requests under way to a generation, by its key. */
  underWay(generation: string): number;
  /** Somebody waits for it, or it is on its way up. */
  isWaking(key: string): boolean;
  /** Acts on what is wished now. */
  rest(key: string): void;
  clock: Clock;
  log: Logger;
};

export type Sleep = {
  activity: Activity;
  wake: WakePort;
  /** When what serves of it was last used (epoch milliseconds), and whether it is right now. */
  lastUse(preview: Preview, serving: Pick<Deployment, "generation" | "readyAt">): { usedAt: number; isUsed: boolean };
  /** Puts it to sleep to make room for others; false where it may not. */
  press(key: string, level: Exclude<RestLevel, "awake">): boolean;
  /** Its engine came back and it did not: it sleeps since then, until somebody comes; what is pinned wakes at once. */
  lie(key: string, endedAt: number): void;
  /** Looks for what is not used; from then on it goes to sleep. */
  watch(): AsyncDisposable;
};

/** Traffic tells of the same use many times a second. */
const rouseRestMs = 250;

/** What nobody uses goes to sleep, whoever comes wakes it. When it was used is in memory; what must survive is the visit in the store. */
export function createSleep(world: SleepWorld): Sleep {
  const { config, store, switchboard, clock } = world;
  const visit = createVisits(world);
  const usedAt = new Map<string, number>();
  const rousedAt = new Map<string, number>();

  const write = (key: string, decide: (preview: Preview) => Decision): boolean => {
    for (;;) {
      const preview = store.wishes.get(key);
      const decision = preview && decide(preview);
      if (decision?.kind !== "changed") return false;
      if (store.wishes.put(decision.preview)) return true;
    }
  };
  const rouse = (key: string): void => {
    try {
      write(key, (preview) => decideVisited(preview, { now: clock.now(), serving: servingFor(preview) }));
      // Also what is awake by its wish: it may have failed to wake, and each visit tries again.
      world.rest(key);
    } catch (error) {
      world.log.error({ preview: key, err: error }, "a visit could not wake it");
    }
  };
  const servingFor = ({ key }: Preview) => servingOf(store.attempts.of(key))?.generation ?? null;

  const lastUse: Sleep["lastUse"] = (preview, { generation, readyAt }) => {
    const { key } = preview;
    const isUsed =
      world.underWay(generationKey({ preview: key, generation })) > 0 ||
      world.isWaking(key) ||
      store.checks.of(key).some((each) => each.generation === generation && each.state === "running");
    if (isUsed) usedAt.set(key, clock.now());
    return { usedAt: Math.max(lastUsedAt(preview), usedAt.get(key) ?? 0, readyAt ?? 0), isUsed };
  };
  const look = (): void => {
    for (const preview of store.previews.list({ gone: false })) {
      if (preview.spec.wanted !== "running") continue;
      const deployments = store.attempts.of(preview.key);
      const serving = servingOf(deployments);
      if (serving === null || deployments.some(isUnderWay)) continue;
      const { key } = preview;
      const used = lastUse(preview, serving).usedAt;
      const settings = settingsFor(config, preview.repository);
      const term = { ...settings, now: clock.now(), serving: serving.generation };
      if (write(key, (current) => decideDrowsy(current, used, term))) world.rest(key);
    }
  };

  return {
    activity(route, { kind, headers }) {
      visit(route, { kind, headers });
      if (kind === "request" && !isVisit(headers)) return;
      const { preview } = route;
      const now = clock.now();
      usedAt.set(preview, now);
      // A request that sleeps is held before it is counted; a tunnel through a frozen container stays open.
      if (kind === "request" || !switchboard.isAsleep(preview)) return;
      if (now - (rousedAt.get(preview) ?? 0) < rouseRestMs) return;
      rousedAt.set(preview, now);
      rouse(preview);
    },
    lastUse,
    press(key, level) {
      const pressed = write(key, (preview) =>
        decidePressed(preview, level, { now: clock.now(), serving: servingFor(preview) }),
      );
      if (pressed) world.rest(key);
      return pressed;
    },
    lie(key, endedAt) {
      const lies = write(key, (preview) =>
        decideEnded(preview, endedAt, { now: clock.now(), serving: servingFor(preview) }),
      );
      if (!lies) return;
      world.log.info({ preview: key }, "down since its engine ended: asleep until somebody comes");
      if (store.wishes.get(key)?.spec.pinned) rouse(key);
      else world.rest(key);
    },
    wake: { ask: rouse, watch: switchboard.watch },
    watch: () => every({ ...world, everyMs: lookEveryMs(config), look, failed: "looking for unused previews failed" }),
  };
}

/** Often enough for the shortest that is set. */
function lookEveryMs({ defaults, repositories }: ServerConfig): number {
  const spans = [defaults, ...Object.values(repositories ?? {})].flatMap(({ freezeAfterMs, stopAfterMs }) => [
    freezeAfterMs ?? Infinity,
    stopAfterMs ?? Infinity,
  ]);
  return Math.max(200, Math.min(30_000, Math.min(...spans) / 8));
}
