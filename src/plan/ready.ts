import type { ServiceSpec } from "../domain/service.ts";
import type { ResolvedImage, StackSpec } from "../domain/stack.ts";
import { type Draft, hasStep, joinsOf } from "./draft.ts";
import { isKept, mayEnd, volumesOf } from "./identity.ts";
import type { Joins } from "./joins.ts";
import { isListenedFor } from "./order.ts";
import type { Readiness } from "./step.ts";

/** Two services may wait for each other's words: then both run, as with Compose, only later. */
const listenMs = 60_000;

type ReadyInput = {
  stack: StackSpec;
  images: Readonly<Record<string, ResolvedImage>>;
  /** Also asks services that run already whether they are ready. */
  awaitRunning: boolean;
};
type Context = { service: ServiceSpec; draft: Draft };

/** Adds what shows that a service is ready, and the seeds that go into its new data before anyone uses it. */
export function planReady(
  input: ReadyInput,
  { service, draft }: Context,
  container: string,
  { network, hadPassed }: Pick<Joins, "network" | "hadPassed">,
): void {
  const isComing = ["start", "unpause"].some((kind) => hasStep(draft, `${kind}:${service.name}`));
  if (!isComing && !input.awaitRunning) return;
  // Only where somebody waits for it: a worker without `restart:` looks like a job, and never ends.
  const completes = input.stack.services.some((each) =>
    each.dependsOn.some((it) => it.service === service.name && it.condition === "completed"),
  );
  const image = input.images[service.name];
  // A database opens its image's port only after its init; a worker on the web's image need not listen.
  const promised = isKept(service, image) ? [...service.ports, ...(image?.ports ?? [])] : service.ports;
  const ports = completes || service.networks.length === 0 ? [] : [...new Set(promised)].toSorted((a, b) => a - b);
  const routed = input.stack.routes.filter((route) => route.service === service.name).map(({ port }) => port);
  const optional = ports.length > 1 ? ports.filter((port) => !routed.includes(port)) : [];
  const after = [`start:${service.name}`, `unpause:${service.name}`, ...joinsOf(draft, service.name)];
  const readiness: Readiness = {
    container,
    service,
    condition: completes ? "completed" : "healthy",
    mayEnd: mayEnd(service, image),
    // Who has no network is asked for none.
    ports,
    ...(optional.length > 0 && { optional }),
    network,
    ...(hadPassed && { hadPassed }),
    timeoutMs: input.stack.readyTimeoutMs,
  };
  if (readiness.ports.length > 0 && isListenedFor(service, input.stack, input.images)) {
    draft.steps.push({
      kind: "listen",
      id: `listen:${service.name}`,
      cause: "until it accepts connections",
      after,
      readiness: { ...readiness, timeoutMs: Math.min(listenMs, readiness.timeoutMs) },
    });
  }
  const cause = completes ? "until it completed" : "until it is ready";
  draft.steps.push({ kind: "await", id: `await:${service.name}`, cause, after, readiness });
  planWhole(input.stack, { service, draft });
}

/** New volumes are whole once their service is ready and the seeds are in. */
function planWhole(stack: StackSpec, { service, draft }: Context): void {
  for (const volume of volumesOf(service)) {
    const created = draft.steps.find((step) => step.id === `create-volume:${volume}`);
    if (created?.kind !== "create-volume" || hasStep(draft, `complete:${volume}`)) continue;
    const seed = stack.seeds.find((each) => each.volume === volume);
    // Another service that mounts it does not make it whole.
    if (seed && seed.service !== service.name) continue;
    draft.steps.push({
      kind: "complete",
      id: `complete:${volume}`,
      cause: "its data is whole",
      after: [`await:${service.name}`],
      volume: created.name,
      seed: seed?.content ?? null,
    });
  }
}

/** Whoever was ready has to stay so until the swap. */
export function watchedOf({ steps }: Draft): Readiness[] {
  return steps.flatMap((step) =>
    step.kind === "await" && step.readiness.condition === "healthy" ? [step.readiness] : [],
  );
}
