import { describeParts, type SeedPart, type SeedSpec, splitParts } from "../domain/seed.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { StackSpec } from "../domain/stack.ts";
import { type Draft, hasStep } from "./draft.ts";
import { planFiles } from "./files.ts";
import { attachmentsOf, volumesOf } from "./identity.ts";
import { waitsOf } from "./order.ts";
import { runServices } from "./snapshots.ts";
import type { ContainerPlan, Step } from "./step.ts";
import type { VolumeInput } from "./volumes.ts";

/**
 * Adds what fills new data in its place: files and the service's own programs before it starts, anything else once it is
 * ready. `volumes`: the user's names → the engine's.
 */
export function planSeeds(input: VolumeInput, draft: Draft, volumes: Readonly<Record<string, string>>): void {
  for (const seed of input.stack.seeds) {
    const service = input.stack.services.find((each) => each.name === seed.service);
    const created = draft.steps.find((step) => step.kind === "create" && step.container.service.name === seed.service);
    if (!service || created?.kind !== "create" || !hasStep(draft, `create-volume:${seed.volume}`)) continue;
    const [early, late] = splitParts(seed.parts, service);
    const filling = { input, draft, volumes, seed, service, container: created.container.name };
    if (early.length > 0) {
      const after = [created.id, ...waitsOf(service, input.stack, input.images)];
      pushSeed(filling, { id: `lay:${seed.volume}`, parts: early, after, before: `start:${service.name}` });
    }
    if (late.length > 0) {
      const after = [`await:${service.name}`];
      pushSeed(filling, { id: `seed:${seed.volume}`, parts: late, after, before: `complete:${seed.volume}` });
    }
  }
}

type Filling = {
  input: VolumeInput;
  draft: Draft;
  volumes: Readonly<Record<string, string>>;
  seed: SeedSpec;
  service: ServiceSpec;
  container: string;
};
type Pushed = { id: string; parts: SeedPart[]; after: string[]; before: string };

function pushSeed(filling: Filling, { id, parts, after, before }: Pushed): void {
  const { input, draft, seed, service, container } = filling;
  const programs = programsOf(filling, parts);
  const step: Step = {
    kind: "seed",
    id,
    cause: `new data, from ${describeParts({ parts }).join(", ")}`,
    after: [...after, ...programs.flatMap(stepsBefore)],
    container,
    service,
    seed: { ...seed, parts },
    commit: input.stack.commit,
    programs: Object.fromEntries(programs.map((each) => [each.of, each.plan])),
  };
  const at = draft.steps.findIndex((each) => each.id === before);
  draft.steps.splice(at === -1 ? draft.steps.length : at, 0, step);
  draft.steps.find((each) => each.id === before)?.after.push(id);
}

type Program = { of: string; plan: ContainerPlan };

/** The containers of a seed's programs, under names of their own: nobody takes one for its service. */
function programsOf({ input, draft, volumes, seed }: Filling, parts: SeedPart[]): Program[] {
  const { stack, images } = input;
  return runServices(parts).flatMap((of) => {
    const service = stack.services.find((each) => each.name === of);
    const imageId = images[of]?.id;
    if (!service || imageId === undefined) return [];
    const name = `${stack.project}-${seed.service}-seed-${of}-g${stack.generation}`;
    const files = planFiles(service, input, draft);
    const index = stack.services.length + seedsWithPrograms(stack).indexOf(seed);
    const plan = {
      name,
      service: { ...service, name: `${of}-seed`, restart: "no" as const, healthcheck: "none" as const },
      specHash: "",
      imageId,
      generation: stack.generation,
      attachments: attachmentsOf(stack, service).map(({ network }) => ({ network, aliases: [], index })),
      volumes: Object.fromEntries(volumesOf(service).map((volume) => [volume, volumes[volume] ?? volume])),
      ...(files !== undefined && { files }),
    };
    return [{ of, plan }];
  });
}

/** What a program's container is made of, and what an earlier one leaves. */
function stepsBefore({ plan }: Program): string[] {
  const data = Object.keys(plan.volumes).flatMap((name) =>
    ["create-volume", "branch", "anchor"].map((kind) => `${kind}:${name}`),
  );
  const networks = plan.attachments.map(({ network }) => `create-network:${network}`);
  return [...data, ...networks, "fill", `remove:${plan.name}`];
}

/** How many addresses a stack takes in each of its networks: each seed's programs are run one after the other, checks come last. */
export function addressesOf(stack: Pick<StackSpec, "services" | "seeds" | "checks">): number {
  return stack.services.length + seedsWithPrograms(stack).length + (stack.checks?.length ?? 0);
}

function seedsWithPrograms({ seeds }: Pick<StackSpec, "seeds">): SeedSpec[] {
  return seeds.filter(({ parts }) => runServices(parts).length > 0);
}
