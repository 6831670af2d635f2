import { isHostRefused } from "../diagnose/hosts.ts";
import { EngineError } from "../domain/errors.ts";
import type { RouteAnswer } from "../domain/facts.ts";
import { whyNotGood } from "../domain/page-wish.ts";
import type { RouteSpec } from "../domain/stack.ts";
import type { Step } from "../plan/step.ts";
import type { UpstreamAddress } from "./ports.ts";
import { upstreamsOf } from "./upstreams.ts";
import type { World } from "./world.ts";

type Probe = Extract<Step, { kind: "probe" }>;

/** What was up before is asked so long, and then serves whatever it says. */
const whileMs = 10_000;
/** One answer may take so long. */
const answerMs = 10_000;

/**
 * Asks the main page, and each route that names a health path, until all answer well. Throws EngineError `probe-failed`
 * with the last answer at the deadline, and at once what is certain: that a service ended.
 */
export async function probe(step: Probe, key: string, world: World, signal: AbortSignal): Promise<void> {
  const { stack } = step;
  const upstreams = upstreamsOf(stack, await world.engine.observe(key));
  const deadline = world.clock.now() + stack.readyTimeoutMs;
  const asked = stack.routes.filter((route) => route.main || route.health !== null);
  const failed = new AbortController();
  const over = AbortSignal.any([signal, failed.signal]);
  const probes = asked.map((route) => probeRoute(route, upstreams, { step, world, signal: over, deadline }));
  try {
    await Promise.all(probes);
  } finally {
    failed.abort();
    await Promise.allSettled(probes);
  }
}

/** What served before is let serve again, whatever its page says by now; a start's first errors are kept from people. */
export async function probeAWhile(step: Probe, key: string, world: World, signal: AbortSignal): Promise<void> {
  const { stack } = step;
  const readyTimeoutMs = Math.min(stack.readyTimeoutMs, whileMs);
  try {
    await probe({ ...step, stack: { ...stack, readyTimeoutMs } }, key, world, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EngineError) || error.code !== "probe-failed") throw error;
    world.log.info({ preview: key, generation: stack.generation, err: error }, "awake, but its page is not good");
  }
}

type Probing = { step: Probe; world: World; signal: AbortSignal; deadline: number };

async function probeRoute(route: RouteSpec, upstreams: UpstreamAddress[], probing: Probing): Promise<void> {
  const { step, world, signal, deadline } = probing;
  const { service, port } = route;
  const upstream = upstreams.find((each) => each.service === service && each.port === port);
  if (!upstream) throw new EngineError("probe-failed", `${service} has no address to be reached at`, { service });
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    const { wrong, answer, isCertain } = await ask(upstream, route, probing);
    if (wrong === null) return;
    for (const readiness of step.watched) await world.engine.requireUp(readiness);
    if (isCertain || world.clock.now() >= deadline)
      throw new EngineError("probe-failed", `${service}:${port}${pathOf(route)} ${wrong}`, { service, answer });
    await world.clock.sleep(pauseMs, signal);
  }
}

type Asked = { wrong: string | null; answer?: RouteAnswer; isCertain: boolean };

/** What was wrong with the answer, null where it is good; and whether asking again is of no use. */
async function ask(upstream: UpstreamAddress, route: RouteSpec, { step, world, signal }: Probing): Promise<Asked> {
  const request = { host: route.host, path: pathOf(route), timeoutMs: answerMs, signal };
  const wish = route.main ? step.stack.page : undefined;
  try {
    const got = await world.gateway.probe(upstream, request);
    const answer = { host: route.host, status: got.status, body: got.body };
    // Nobody would see the site, whatever the status says; an author who asks for one has seen it.
    const isRefused = wish?.statuses === undefined && isHostRefused(got);
    const wrong = whyNotGood(got, wish) ?? (isRefused ? `answers ${got.status}` : null);
    return { wrong, answer, isCertain: isRefused };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EngineError)) throw error;
    return { wrong: error.message, isCertain: false };
  }
}

function pathOf({ health }: RouteSpec): string {
  return health ?? "/";
}
