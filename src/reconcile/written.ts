import type { Preview } from "../domain/preview.ts";
import { restLevelOf } from "../domain/rest.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { ObservedContainer, ObservedVolume, StackState } from "../domain/stack-state.ts";
import { belongsTo, isUsable } from "../plan/identity.ts";
import type { World } from "./world.ts";

type Of = { key: string; stack: StackSpec };
type Asked = Pick<World, "branches" | "volumes" | "engine">;

/**
 * Looks whether somebody wrote to the data that serves since it was marked, and remembers it. What was put to sleep was
 * looked at before, and nothing was written since. Throws EngineError when the engine does not tell what is there.
 */
export async function lookForWrites({ key, stack }: Of, world: Asked, wasAsleep: boolean): Promise<void> {
  const facts = world.volumes.factsOf(key);
  await eachData({ key, stack }, world, async ({ name, container, volume }) => {
    const known = facts[stack.resolved?.volumes[name] ?? ""];
    if (known === undefined || known.written) return;
    const sleeps = container?.state === "paused" || (wasAsleep && container?.state !== "running");
    if (sleeps) return;
    const count = await countOf({ stack, container, volume }, world);
    const isSame = count !== null && known.mark !== null && world.branches.isSameCount(known.mark.count, count);
    if (!isSame) world.volumes.wrote(stack.resolved?.volumes[name] ?? "");
  });
}

/** The same of what serves now, awake or asleep. What went down with its engine was not looked at before. */
export async function lookForNews(preview: Preview, serving: StackSpec, world: Asked): Promise<void> {
  const wasAsleep = restLevelOf(preview.spec, serving.generation) !== "awake" && !preview.spec.rest?.unseen;
  await lookForWrites({ key: preview.key, stack: serving }, world, wasAsleep);
}

/** Whether code of that generation ran: before, it has written nothing. */
export function hasBegun(generation: number, { containers }: StackState): boolean {
  return containers.some((each) => each.generation === generation && each.state !== "created");
}

/** Whether an attempt failed only once code of it ran. Throws EngineError. */
export async function hasFailedRunning(
  key: string,
  generation: number,
  { attempts, engine }: Pick<World, "attempts" | "engine">,
): Promise<boolean> {
  const attempt = attempts.of(key).find((each) => each.generation === generation);
  return attempt?.phase === "failed" && hasBegun(generation, await engine.observe(key));
}

/** What was written until now was written by deployments: what comes later is people's. */
export async function markData({ key, stack }: Of, world: Asked): Promise<void> {
  await eachData({ key, stack }, world, async ({ container, volume }) => {
    if (volume === undefined) return;
    world.volumes.mark(volume.name, await countOf({ stack, container, volume }, world));
  });
}

type Data = { name: string; container: ObservedContainer | undefined; volume: ObservedVolume | undefined };

async function eachData({ key, stack }: Of, world: Asked, work: (data: Data) => Promise<void>): Promise<void> {
  const spoken = stack.volumes.filter(({ rules }) => rules !== undefined);
  if (spoken.length === 0) return;
  const state = await world.engine.observe(key);
  await Promise.all(spoken.map(({ name, rules }) => work({ name, ...holderOf(name, rules?.service, stack, state) })));
}

function holderOf(name: string, service: string | undefined, stack: StackSpec, state: StackState): Omit<Data, "name"> {
  const container = state.containers.find(
    (each) => each.service === service && isUsable(each) && belongsTo(each, stack.generation, state),
  );
  const volume = state.volumes.find((each) => each.volume === name && container?.volumes.includes(each.name) === true);
  return { container, volume };
}

async function countOf(
  { stack, container, volume }: { stack: StackSpec } & Omit<Data, "name">,
  world: Asked,
): Promise<string | null> {
  const service = stack.services.find(({ name }) => name === container?.service);
  if (service === undefined || volume === undefined || container?.state !== "running") return null;
  return await world.branches.countOf({ service, container: container.name, volume });
}
