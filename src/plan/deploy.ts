import { checkContainerName } from "../domain/naming.ts";
import type { RestLevel, Slept } from "../domain/rest.ts";
import type { ResolvedImage, Snapshot, StackSpec } from "../domain/stack.ts";
import type { ObservedVolume, StackState } from "../domain/stack-state.ts";
import { planBringUp } from "./bring-up.ts";
import { planChecks } from "./checks.ts";
import { type Draft, finish, newDraft } from "./draft.ts";
import { planHold } from "./hold.ts";
import { attachmentsOf, belongsTo, isKept, isUsable } from "./identity.ts";
import { lasting } from "./networks.ts";
import { isOutgrown, planLatePeers } from "./peers.ts";
import { watchedOf } from "./ready.ts";
import { partsOf, planRemoval } from "./removal.ts";
import { replacedBy } from "./replaced.ts";
import type { Plan } from "./step.ts";
import { planAnchors } from "./volumes.ts";
import { waitForRemovals } from "./wait-for-removals.ts";

export type DeployInput = {
  candidate: StackSpec;
  /** The stack that serves meanwhile, or null. */
  serving: StackSpec | null;
  state: StackState;
  /** By service of the candidate: all of them. */
  images: Readonly<Record<string, ResolvedImage>>;
  whole: ReadonlySet<string>;
  /** By secret a keyed hash of its value: who uses a changed one is made again. */
  secrets?: Readonly<Record<string, string>>;
  /** Names of the volumes that were replaced and are kept for a while. */
  retired?: ReadonlySet<string>;
  /** Names of checks that have their result in this attempt: they are not run again. */
  checked?: ReadonlySet<string>;
  /** Golden data that is ready, by the user's name of the volume that branches from it. */
  snapshots?: Readonly<Record<string, Snapshot>>;
  nonce: string;
  /** How long requests in flight may take to end. */
  drainMs: number;
};

/**
 * One deployment: leftovers of an overtaken attempt go, the candidate comes up beside what serves, is probed, takes
 * over, and what served drains and goes. Until the swap nothing of the serving stack is touched.
 */
export function planDeploy(input: DeployInput): Plan {
  const { candidate, serving, state } = input;
  const draft = newDraft();
  const given = { ...input, stack: candidate };
  const volumes = planBringUp(
    {
      ...given,
      servingNetworks: serving
        ? serving.services.flatMap((service) =>
            attachmentsOf(serving, service).map((each) => ({ ...each, index: null })),
          )
        : [],
      slept: null,
      awaitRunning: true,
      // A stateless container is made anew for each generation; a kept one goes on serving the next.
      match: (service, hash) =>
        state.containers.find(
          (each) =>
            each.service === service.name &&
            each.specHash === hash &&
            isUsable(each) &&
            (each.generation === candidate.generation || isKept(service, input.images[service.name])),
        ),
    },
    draft,
  );
  const ready = draft.steps.filter(({ kind }) => ["await", "complete", "join"].includes(kind)).map(({ id }) => id);
  if (serving) planHold(draft, state, { serving, timeoutMs: input.drainMs });
  draft.steps.push({
    kind: "probe",
    id: "probe",
    cause: "the main route, before anyone sees it",
    after: ready,
    stack: candidate,
    isGate: true,
    watched: watchedOf(draft),
  });
  const checks = planChecks(given, draft, volumes);
  const old = serving ? usedBy(serving, withoutChecks(serving, state)) : newDraft();
  const retired = replacedBy(input, volumes);
  for (const { name } of retired) draft.volumes.add(name);
  planLeftovers(input, draft, old);
  const swapCause = serving ? `g${serving.generation} → g${candidate.generation}` : "first to serve";
  draft.steps.push({
    kind: "swap",
    id: "swap",
    cause: swapCause,
    after: ["probe", ...checks],
    stack: { ...candidate, resolved: { images: { ...input.images }, volumes, secrets: input.secrets ?? {} } },
    from: serving?.generation ?? null,
    retired,
  });
  if (serving) {
    draft.steps.push({
      kind: "drain",
      id: "drain",
      cause: `${input.drainMs / 1000} s at most`,
      after: ["swap"],
      generation: serving.generation,
      timeoutMs: input.drainMs,
    });
    planRemoval(draft, { state: only(state, old), cause: "replaced", after: ["drain"], graceMs: 10_000 });
  }
  planLatePeers(given, draft);
  return finish(draft);
}

/** What neither serves nor is part of the candidate: an overtaken or failed attempt left it. */
function planLeftovers({ state }: DeployInput, draft: Draft, old: Draft): void {
  const union: Draft = {
    steps: draft.steps,
    kept: [],
    lost: [],
    ended: [],
    lostData: [],
    containers: draft.containers.union(old.containers),
    networks: draft.networks.union(old.networks),
    volumes: draft.volumes.union(old.volumes),
  };
  planRemoval(union, { state, cause: "left by an earlier attempt", after: [], graceMs: 10_000 });
  waitForRemovals(draft, state);
}

/** The names a stack uses on the engine, as observed. */
function usedBy(stack: StackSpec, state: StackState): Draft {
  const draft = newDraft();
  for (const container of state.containers.filter((each) => belongsTo(each, stack.generation, state))) {
    draft.containers.add(container.name);
    for (const volume of container.volumes) draft.volumes.add(volume);
  }
  for (const name of Object.values(stack.resolved?.volumes ?? {})) draft.volumes.add(name);
  for (const { name, generation } of state.networks)
    if (generation === lasting || generation === stack.generation) draft.networks.add(name);
  return draft;
}

/** Nobody follows a check of what is being replaced: it is left over, however it goes on. */
function withoutChecks({ project, generation, checks = [] }: StackSpec, state: StackState): StackState {
  const over = new Set(checks.map(({ name }) => checkContainerName(project, generation, name)));
  return { ...state, containers: state.containers.filter(({ name }) => !over.has(name)) };
}

function only(state: StackState, names: Draft): StackState {
  const parts = partsOf(names.volumes);
  return {
    containers: state.containers.filter(({ name }) => names.containers.has(name) || parts.anchors.has(name)),
    networks: state.networks.filter((each) => names.networks.has(each.name)),
    volumes: state.volumes.filter(({ name }) => names.volumes.has(name) || parts.volumes.has(name)),
  };
}

export type SettleInput = Omit<DeployInput, "candidate" | "serving" | "drainMs"> & {
  serving: StackSpec | null;
  /** How much of what serves should run; all of it where nothing is said. */
  level?: RestLevel;
  /** When it was asleep. */
  slept?: Slept | null;
  /** Requests to it wait until it is up. */
  isLulled?: boolean;
  /** Containers of its checks that nobody waits for, and that go on. */
  followed?: readonly string[];
};

/** No attempt is under way: what serves is kept whole (or as it is while it sleeps), everything else goes. */
export function planSettle(input: SettleInput): Plan {
  const { serving, state } = input;
  const { level = "awake" } = input;
  const draft = serving && level !== "awake" ? keptAsleep(serving, input) : newDraft();
  if (serving && level === "awake") bringUpServing({ ...input, serving }, draft);
  for (const name of input.followed ?? []) draft.containers.add(name);
  const isJudged = serving !== null && level === "awake" && isDataNetworkJudged({ ...input, stack: serving });
  if (serving && !isJudged)
    for (const { generation, name } of state.networks) if (generation === lasting) draft.networks.add(name);
  const cause = serving ? "not part of what serves" : "nothing serves";
  planRemoval(draft, { state, cause, after: [], graceMs: serving ? 10_000 : 0 });
  waitForRemovals(draft, state);
  if (serving && level === "awake") planLatePeers({ ...input, stack: serving }, draft);
  return finish(draft);
}

/** Whether the lasting network is wanted is known where all images are; that it no longer fits, always. */
function isDataNetworkJudged({
  stack,
  images,
  state,
}: Pick<DeployInput, "images" | "state"> & { stack: StackSpec }): boolean {
  return stack.services.every(({ name }) => name in images) || isOutgrown({ stack, images, state });
}

/** Somebody may have removed containers: what volumes without a name they had is known again when it wakes. */
function keptAsleep(serving: StackSpec, { state, retired }: Pick<SettleInput, "state" | "retired">): Draft {
  const draft = usedBy(serving, state);
  const known = Object.values(serving.resolved?.volumes ?? {});
  planAnchors({ stack: serving, state, ...(retired && { retired }) }, draft, new Set(known));
  const isOver = ({ name, volume }: ObservedVolume) =>
    volume !== "" && serving.resolved !== undefined && !known.includes(name) && retired?.has(name) !== true;
  const over = new Set(state.volumes.filter(isOver).map(({ name }) => name));
  const parts = partsOf(over).volumes;
  for (const { name } of state.volumes) if (!over.has(name) && !parts.has(name)) draft.volumes.add(name);
  return draft;
}

/** What serves is brought up as far as something of it is missing, and nothing else is touched: what a visit waits for. */
export function planWake(input: SettleInput & { serving: StackSpec }): Plan {
  const draft = newDraft();
  bringUpServing(input, draft);
  return finish(draft);
}

function bringUpServing(input: SettleInput & { serving: StackSpec }, draft: Draft): void {
  const { serving, state } = input;
  planBringUp(
    {
      ...input,
      stack: serving,
      servingNetworks: [],
      slept: input.slept ?? null,
      awaitRunning: false,
      match: (service, hash) =>
        state.containers
          .filter(
            (each) => each.service === service.name && isUsable(each) && belongsTo(each, serving.generation, state),
          )
          .toSorted((a, b) => b.generation - a.generation)[0] ??
        // A later attempt made it where it was missing; two of one name cannot be.
        (isKept(service, input.images[service.name])
          ? state.containers.find((each) => each.service === service.name && each.specHash === hash && isUsable(each))
          : undefined),
    },
    draft,
  );
  for (const volume of usedBy(serving, state).volumes) draft.volumes.add(volume);
  // Whoever began to wake it may have been stopped in between.
  const isWaking = input.slept != null && (input.isLulled === true || draft.steps.some(({ kind }) => kind === "start"));
  if (!isWaking) return;
  const ready = draft.steps.filter((step) => step.kind === "await").map((step) => step.id);
  const cause = "until its page is good, for a while";
  draft.steps.push({ kind: "probe", id: "probe", cause, after: ready, stack: serving, isGate: false, watched: [] });
}
