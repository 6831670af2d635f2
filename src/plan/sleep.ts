import type { RestLevel, Slept } from "../domain/rest.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { ObservedContainer, StackState } from "../domain/stack-state.ts";
import { finish, newDraft } from "./draft.ts";
import { attachmentsOf, belongsTo, isKept, isUsable } from "./identity.ts";
import type { Plan, Step } from "./step.ts";

/** Requests under way when a preview is put to sleep by word may take this long to end. */
const lullMs = 30_000;

/**
 * The steps that put what serves to sleep: requests wait, then everything that runs is paused, or is stopped with
 * those first that need others. What ended by itself stays as it is.
 */
export function planSleep(serving: StackSpec, state: StackState, level: Exclude<RestLevel, "awake">): Plan {
  const draft = newDraft();
  const own = state.containers.filter((each) => isOwn(each, serving, state));
  // What is being restarted cannot be paused, and would come back by itself.
  const ending = own.filter(({ state: now }) => (level === "stopped" ? isAlive(now) : now === "restarting"));
  const pausing = level === "frozen" ? own.filter(({ state: now }) => now === "running") : [];
  if (ending.length + pausing.length === 0) return finish(draft);
  const cause = level === "frozen" ? "not used for a while" : "not used for long, or asked for";
  draft.steps.push({
    kind: "lull",
    id: "lull",
    cause: "requests wait from now on",
    after: [],
    stack: serving,
    cut: level === "stopped",
    timeoutMs: lullMs,
  });
  for (const { name, service } of pausing)
    draft.steps.push({ kind: "pause", id: `pause:${service}`, cause, after: ["lull"], container: name, service });
  for (const { name, service } of ending) {
    const spec = serving.services.find((each) => each.name === service);
    const users = serving.services.filter((each) => each.dependsOn.some((needed) => needed.service === service));
    draft.steps.push({
      kind: "stop",
      id: `stop:${service}`,
      cause,
      after: ["lull", ...users.map((each) => `stop:${each.name}`)],
      container: name,
      service,
      graceMs: spec?.stopGraceMs ?? 10_000,
      ...(spec && !isKept(spec, serving.resolved?.images[service]) && { hurries: true as const }),
    });
  }
  return finish(draft);
}

/**
 * The short way awake, where nothing but standing still keeps what serves from working; null when more is to be done.
 * Nobody waits for anybody: all of it was ready before, or nearly.
 */
export function planThaw(serving: StackSpec, state: StackState, slept: Slept | null): Plan | null {
  const own = state.containers.filter((each) => isOwn(each, serving, state));
  const isWhole = serving.services.every((service) => {
    const container = own.find((each) => each.service === service.name);
    if (container === undefined) return false;
    const hadCompleted = service.job && container.state === "exited" && (container.endedAt ?? 0) < (slept?.since ?? 0);
    return container.state === "paused" || container.state === "running" || hadCompleted;
  });
  if (!isWhole || own.every(({ state: now }) => now !== "paused")) return null;
  const draft = newDraft();
  for (const service of serving.services) {
    const container = own.find((each) => each.service === service.name);
    if (container?.state !== "paused") continue;
    const named = { container: container.name, service: service.name };
    draft.steps.push({ kind: "unpause", id: `unpause:${service.name}`, cause: "it was frozen", after: [], ...named });
    const isReached = service.ports.length > 0 && service.networks.length > 0;
    if (isReached) draft.steps.push(listenTo(serving, service, container.name));
  }
  return finish(draft);
}

/** It may have been frozen in the middle of its start. */
function listenTo(stack: StackSpec, service: ServiceSpec, container: string): Step {
  return {
    kind: "listen",
    id: `listen:${service.name}`,
    cause: "until it accepts connections",
    after: [`unpause:${service.name}`],
    readiness: {
      container,
      service,
      condition: "healthy",
      mayEnd: false,
      ports: service.ports,
      network: attachmentsOf(stack, service)[0]?.network ?? "",
      timeoutMs: stack.readyTimeoutMs,
    },
  };
}

/** What ends because its engine does ends within the engine's own patience (15 s by default). */
const togetherMs = 30_000;

/**
 * Since when what serves is down as a whole, as after a restart of its engine (epoch milliseconds of the engine's host);
 * null while anything of it runs, or where something of it is gone.
 */
export function endedTogether(serving: StackSpec, state: StackState): number | null {
  const own = state.containers.filter((each) => isOwn(each, serving, state));
  if (own.some((each) => isAlive(each.state))) return null;
  const lasting = serving.services.filter(({ job }) => !job).map(({ name }) => name);
  const ends = own.flatMap(({ service, endedAt }) => (lasting.includes(service) && endedAt !== null ? [endedAt] : []));
  if (ends.length === 0) return null;
  return Math.min(...ends.filter((at) => at >= Math.max(...ends) - togetherMs));
}

function isOwn(container: ObservedContainer, serving: StackSpec, state: StackState): boolean {
  return (
    isUsable(container) &&
    belongsTo(container, serving.generation, state) &&
    serving.services.some((service) => service.name === container.service)
  );
}

function isAlive(state: ObservedContainer["state"]): boolean {
  return state === "running" || state === "paused" || state === "restarting";
}
