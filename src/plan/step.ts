import type { SeedSpec } from "../domain/seed.ts";
import type { RetiredVolume } from "../domain/data.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { FileSpec, NetworkSpec, Resolved, Snapshot, StackSpec } from "../domain/stack.ts";

/** A container to be made: its service, the image it runs by id, and the volumes it mounts by their engine names. */
export type ContainerPlan = {
  name: string;
  service: ServiceSpec;
  specHash: string;
  imageId: string;
  generation: number;
  /** Networks on the engine that it is created on; it lives and dies with the first, unless it has a home. */
  attachments: Attachment[];
  /** Outlives the networks that it is in. */
  hasHome?: true;
  /** The user's volume name → the volume's name on the engine. */
  volumes: Record<string, string>;
  /** The files volume on the engine, where it mounts anything of it. */
  files?: string;
};

/** One place in one network. */
export type Attachment = {
  /** Name on the engine. */
  network: string;
  aliases: string[];
  /** Which address of the subnet, counted from its first usable one; null lets the engine choose. */
  index: number | null;
};

/** What is asked of a service before those that wait for it go on. */
export type Readiness = {
  container: string;
  service: ServiceSpec;
  condition: "healthy" | "completed";
  /** Exit 0 is a good end. */
  mayEnd: boolean;
  /** Ports that must accept TCP, on the container's address in `network`. */
  ports: number[];
  /** Those of them that are waited for only a while, once another one accepts: no route leads to them. */
  optional?: number[];
  network: string;
  /** Its health check passed before, and is not asked again: two generations have it, and it has two addresses. */
  hadPassed?: true;
  timeoutMs: number;
};

/**
 * One call of the engine, the gateway or the store, with why it is made and what it waits for. Every step may be
 * killed at any point and run again: "already so" is success.
 */
export type Step = { id: string; cause: string; after: string[] } & (
  | { kind: "create-network"; name: string; network: NetworkSpec; generation: number; addresses: number }
  | { kind: "create-volume"; name: string; volume: string; dataKey: string; generation: number }
  /** A volume with a snapshot's data that is this preview's own from then on; it is whole when the step is done. */
  | {
      kind: "branch";
      name: string;
      volume: string;
      dataKey: string;
      generation: number;
      service: string;
      imageId: string;
      snapshot: Snapshot;
    }
  /** Makes the volume that services mount files of the repository from; it is whole when the step is done. */
  | { kind: "fill"; name: string; files: FileSpec[]; generation: number }
  /** Makes what keeps the parts of a data branch in use. */
  | {
      kind: "anchor";
      name: string;
      volume: string;
      snapshotVolume: string;
      generation: number;
      /** Of data that was replaced: where a part of it is lost, it goes. */
      isRetired?: true;
    }
  | { kind: "create"; container: ContainerPlan }
  | { kind: "start"; container: string; service: string; hasHome?: true }
  | { kind: "join"; container: string; service: string; attachment: Attachment }
  | { kind: "await"; readiness: Readiness }
  /** Waits for the ports alone, and not for ever: others are started then, ready or not. */
  | { kind: "listen"; readiness: Readiness }
  /** `programs`: what its programs run in, by service. */
  | {
      kind: "seed";
      container: string;
      service: ServiceSpec;
      seed: SeedSpec;
      commit: string;
      programs: Record<string, ContainerPlan>;
    }
  /** Writes into the store that a volume's content is whole, and which seed it has. */
  | { kind: "complete"; volume: string; seed: string | null }
  /** Asks the main page, until it answers well or one of `watched` ended; without `isGate` it only waits for a good answer a while. */
  | { kind: "probe"; stack: StackSpec; isGate: boolean; watched: Readiness[] }
  /** Runs a check to its end in a container of its own; what came of it is stored. */
  | { kind: "check"; check: { name: string; required: boolean; timeoutMs: number }; container: ContainerPlan }
  /** The commit point: the deployment is ready, the gateway routes to it. */
  | { kind: "swap"; stack: StackSpec & { resolved: Resolved }; from: number | null; retired: Replaced[] }
  /** Waits until nothing is in flight to that generation. */
  | { kind: "drain"; generation: number; timeoutMs: number }
  /** From here on requests wait at the gateway; done when those under way have ended. `cut` ends what else is open. */
  | { kind: "lull"; stack: StackSpec; cut: boolean; timeoutMs: number }
  | { kind: "pause"; container: string; service: string }
  | { kind: "unpause"; container: string; service: string }
  /** `hurries`: it holds no data, and is killed where it is to start again before it ended. */
  | { kind: "stop"; container: string; service: string; graceMs: number; hurries?: true }
  | { kind: "remove"; container: string; service: string; graceMs: number }
  | { kind: "leave"; container: string; service: string; network: string }
  | { kind: "remove-network"; name: string }
  | { kind: "remove-volume"; name: string }
);

/** Data that a deployment replaces, and that is kept for a while. */
export type Replaced = Omit<RetiredVolume, "until">;

/** What stays as it is, for people who read the plan. */
export type Kept = { resource: string; cause: string };

/**
 * `missing` names what has to be made before; only a plan made to be read has it. `lost`: services whose containers and
 * images are gone. `ended`: services that are not started again, since they would only end again.
 */
export type Plan = {
  steps: Step[];
  kept: Kept[];
  lost?: string[];
  /** Services whose data was removed by somebody, by the user's own names. */
  lostData?: { service: string; volume: string }[];
  /** Services that are not started again, since they would only end again. */
  ended?: { service: string; how: string }[];
  missing?: Missing[];
};

export type Missing = { make: "build" | "pull" | "snapshot"; service: string };

const missingCauses: Record<Missing["make"], string> = {
  build: "its image is not on this host",
  pull: "its image is not on this host",
  snapshot: "its seed was not loaded on this host yet",
};

/** The plan as a person reads it: one line a step, what, which and why. */
export function formatPlan(plan: Plan): string {
  const rows = [
    ...(plan.missing ?? []).map(({ make, service }) => [make, service, missingCauses[make]]),
    ...plan.kept.map((kept) => ["keep", kept.resource, kept.cause]),
    ...plan.steps.map((step) => [verbOf(step), resourceOf(step), step.cause]),
  ];
  if (rows.length === 0) return "nothing to do";
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [verbWidth, resourceWidth] = [width(0), width(1)];
  return rows
    .map(([verb = "", resource = "", cause = ""]) =>
      `${verb.padEnd(verbWidth)}  ${resource.padEnd(resourceWidth)}  ${cause}`.trimEnd(),
    )
    .join("\n");
}

/** The word that begins a step's line. */
export function verbOf(step: Step): string {
  return step.kind.replace(/-(network|volume)$/, "");
}

/** What a step is about, in the user's own names. */
export function resourceOf(step: Step): string {
  switch (step.kind) {
    case "create-network":
      return `network ${step.network.name}${step.generation === 0 ? "" : ` g${step.generation}`}`;
    case "create-volume":
      return `volume ${step.volume}`;
    case "anchor":
      return `volume ${step.volume}`;
    case "branch":
      return step.service;
    case "fill":
      return `files g${step.generation}`;
    case "create":
      return step.container.service.name;
    case "start":
    case "join":
    case "leave":
    case "pause":
    case "unpause":
      return step.service;
    case "stop":
    case "remove":
      return step.container;
    case "await":
    case "listen":
      return step.readiness.service.name;
    case "seed":
      return step.seed.service;
    case "complete":
      return `volume ${step.volume}`;
    case "check":
      return step.check.name;
    case "probe":
      return mainRoute(step.stack);
    case "swap":
    case "lull":
      return step.stack.slug;
    case "drain":
      return `g${step.generation}`;
    case "remove-network":
      return `network ${step.name}`;
    case "remove-volume":
      return `volume ${step.name}`;
  }
}

function mainRoute(stack: StackSpec): string {
  const main = stack.routes.find((route) => route.main);
  return main ? `${main.service}:${main.port}${main.health ?? "/"}` : "";
}
