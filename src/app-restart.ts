import type Docker from "dockerode";
import type { Logger } from "pino";
import type { Site } from "./app-site.ts";
import type { Sleep } from "./app-sleep.ts";
import type { Telemetry } from "./app-telemetry.ts";
import { type Deployment, isUnderWay, type Preview, servingOf } from "./domain/preview.ts";
import { restLevelOf, sleptOf } from "./domain/rest.ts";
import type { StackSpec } from "./domain/stack.ts";
import type { Clock } from "./domain/time.ts";
import { accepts } from "./engine/accepting.ts";
import { restartByUsAlone } from "./engine/restart-policy.ts";
import { watch } from "./engine/watch.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { Switchboard } from "./gateway/switchboard.ts";
import { endedTogether } from "./plan/sleep.ts";
import type { Loop } from "./reconcile/loop.ts";
import { every } from "./reconcile/every.ts";
import { showServing } from "./reconcile/settle.ts";
import { upstreamsOf } from "./reconcile/upstreams.ts";
import type { World } from "./reconcile/world.ts";
import type { Store } from "./store/store.ts";

const followMs = 250;
const settleEveryMs = 5000;

type Routing = { switchboard: Switchboard; site: Site; world: World };

/** Routes every preview as before the restart: reachable before the first resync, and whatever GitHub says later. */
export async function routeAll(store: Store, { switchboard, site, world }: Routing): Promise<void> {
  for (const preview of store.previews.list({ gone: true })) {
    switchboard.show(preview, site.routeState(preview));
    await routeAgain(preview, store.attempts.of(preview.key), world);
  }
}

async function routeAgain(preview: Preview, deployments: readonly Deployment[], world: World): Promise<void> {
  if (preview.goneAt !== null || preview.spec.wanted !== "running") return;
  const stack = servingOf(deployments)?.stack;
  if (!stack) return;
  try {
    // What somebody woke may run and not be up yet: requests wait for it.
    const isUp = sleptOf(preview.spec, stack.generation) === null || (await accepting(preview, stack, world));
    if (isUp) await showServing(preview, stack, world);
    else world.gateway.lull({ key: preview.key, slug: preview.slug, generation: stack.generation }, stack);
  } catch (error) {
    world.log.warn({ preview: preview.key, err: error }, "not routed yet");
  }
}

/** Whether everything that is routed to accepts connections. */
async function accepting(preview: Preview, stack: StackSpec, world: World): Promise<boolean> {
  const upstreams = upstreamsOf(stack, await world.engine.observe(preview.key));
  if (upstreams.length < stack.routes.length) return false;
  const answers = await Promise.all(upstreams.map(({ address, port }) => accepts(address, port)));
  return answers.every(Boolean);
}

/**
 * Whoever works now is another Mayfly: what wakes for the requests that wait here is read from the engine until this is
 * disposed.
 */
export function followSuccessor({
  gateway,
  store,
  world,
}: {
  gateway: Pick<Gateway, "awaited">;
  store: Pick<Store, "wishes" | "attempts">;
  world: World;
}): AsyncDisposable {
  const look = (): void => {
    for (const key of gateway.awaited()) {
      const preview = store.wishes.get(key);
      if (preview !== null) void routeAgain(preview, store.attempts.of(key), world);
    }
  };
  return every({ ...world, everyMs: followMs, look, failed: "following the next Mayfly failed" });
}

/**
 * Looks at every preview now, at each when the engine says that something of it changed, and at all after a gap. What went
 * down with its engine is left asleep, but for what is pinned.
 */
export function lookAround(world: {
  docker: Docker;
  server: string;
  store: Pick<Store, "previews" | "attempts">;
  loop: Pick<Loop, "look" | "world">;
  sleep: Pick<Sleep, "lie">;
  telemetry: Pick<Telemetry, "engine">;
  clock: Clock;
  log: Logger;
}): AsyncDisposable {
  const { docker, server, store, loop, sleep, telemetry, clock, log } = world;
  /** Something of them was started since the engine was told to leave starting to us. */
  const started = new Set<string>();
  const lie = async ({ key, spec }: Preview): Promise<void> => {
    const serving = servingOf(store.attempts.of(key))?.stack;
    if (!serving || spec.wanted !== "running" || restLevelOf(spec, serving.generation) === "stopped") return;
    const endedAt = endedTogether(serving, await loop.world.engine.observe(key));
    if (endedAt !== null) sleep.lie(key, endedAt);
  };
  const lookAtAll = async (): Promise<void> => {
    const live = store.previews.list({ gone: false });
    // Those that are woken at once come first.
    for (const preview of live.toSorted((a, b) => Number(b.spec.pinned) - Number(a.spec.pinned)))
      await lie(preview).catch((error: unknown) => log.warn({ preview: preview.key, err: error }, "not looked at yet"));
    for (const { key } of live) {
      started.add(key);
      loop.look(key);
    }
  };
  const settle = async (key: string): Promise<void> => {
    const deployments = store.attempts.of(key);
    if (servingOf(deployments) === null || deployments.some(isUnderWay)) return;
    started.delete(key);
    const isDone = await restartByUsAlone(docker, { server, preview: key, now: clock.now() });
    if (!isDone) started.add(key);
  };
  const looking = new AsyncDisposableStack();
  looking.use(
    every({
      ...world,
      everyMs: settleEveryMs,
      look: () => {
        for (const key of started)
          void settle(key).catch((error: unknown) => {
            started.add(key);
            log.debug({ preview: key, err: error }, "restarts are the engine's still");
          });
      },
      failed: "looking for what is up failed",
    }),
  );
  void lookAtAll();
  looking.use(
    watch({
      ...world,
      onChange(key) {
        started.add(key);
        loop.look(key);
      },
      onLost: () => telemetry.engine("lost"),
      onGap() {
        telemetry.engine("back");
        void lookAtAll();
      },
    }),
  );
  return looking;
}
