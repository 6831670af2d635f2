import type Docker from "dockerode";
import type { Logger } from "pino";
import type { Site } from "./app-site.ts";
import type { Telemetry } from "./app-telemetry.ts";
import { type Deployment, type Preview, servingOf } from "./domain/preview.ts";
import { sleptOf } from "./domain/rest.ts";
import type { StackSpec } from "./domain/stack.ts";
import type { Clock } from "./domain/time.ts";
import { accepts } from "./engine/accepting.ts";
import { watch } from "./engine/watch.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { Switchboard } from "./gateway/switchboard.ts";
import type { Loop } from "./reconcile/loop.ts";
import { every } from "./reconcile/every.ts";
import { showServing } from "./reconcile/settle.ts";
import { upstreamsOf } from "./reconcile/upstreams.ts";
import type { World } from "./reconcile/world.ts";
import type { Store } from "./store/store.ts";

const followMs = 250;

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

/** Looks at every preview now, at each when the engine says that something of it changed, and at all after a gap. */
export function lookAround(world: {
  docker: Docker;
  server: string;
  store: Pick<Store, "previews">;
  loop: Pick<Loop, "look">;
  telemetry: Pick<Telemetry, "engine">;
  clock: Clock;
  log: Logger;
}): AsyncDisposable {
  const { store, loop, telemetry } = world;
  const lookAtAll = () => {
    for (const { key } of store.previews.list({ gone: false })) loop.look(key);
  };
  lookAtAll();
  return watch({
    ...world,
    onChange: loop.look,
    onLost: () => telemetry.engine("lost"),
    onGap() {
      telemetry.engine("back");
      lookAtAll();
    },
  });
}
