import type { Strategy } from "../../domain/data.ts";
import { EngineError } from "../../domain/errors.ts";
import { composeLabels, labels, previewLabels } from "../../domain/labels.ts";
import { branchParts } from "../../domain/naming.ts";
import { writeOwnership } from "../../engine/directory.ts";
import { allow } from "../../engine/docker.ts";
import { tail } from "../../engine/logs.ts";
import type { StepScope } from "../../engine/step-host.ts";
import type { Step } from "../../plan/step.ts";
import { anchorImage } from "../../engine/anchor-image.ts";
import type { DataHost } from "../data-host.ts";
import { ensureVolume, overlayOptions } from "../data-volume.ts";
import { type SeedLimits, withinLimits } from "../seed/limits.ts";
import { createHolder } from "../../engine/holder.ts";

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;
type Branch = Pick<StepOf<"anchor">, "name" | "snapshotVolume" | "generation">;

/** Where an anchor has the parts of a branch. */
export const places = {
  snapshot: "/mayfly/snapshot",
  upper: "/mayfly/upper",
  work: "/mayfly/work",
  branch: "/mayfly/branch",
} as const;

/**
 * Gives a preview a copy of a snapshot that is its own to write: copy-on-write where this host can, else a plain copy,
 * which takes time and room as a seed does.
 */
export async function runBranch(
  host: DataHost & SeedLimits,
  step: StepOf<"branch">,
  scope: StepScope & { strategy: Strategy },
): Promise<void> {
  scope.signal.throwIfAborted();
  if (scope.strategy === "overlay") return branchByOverlay(host, step, scope);
  const about = { service: step.service, doing: "copied", signal: scope.signal } as const;
  await withinLimits(host, about, (signal) => branchByCopy(host, step, { ...scope, signal }));
}

/**
 * Makes the container, never started, that holds all parts of a branch in use: the engine does not know that the
 * branch reads its snapshot, and would remove that. One that is there is kept. Throws EngineError `data-lost`.
 */
export async function runAnchor(
  host: DataHost,
  { name, snapshotVolume, generation }: Branch,
  scope: StepScope,
): Promise<void> {
  const { docker } = host;
  const { anchor, upper, work } = branchParts(name);
  if (await allow(docker.getContainer(anchor).inspect(), 404)) return;
  const volumes = {
    [snapshotVolume]: places.snapshot,
    [upper]: places.upper,
    [work]: places.work,
    [name]: places.branch,
  };
  // The engine would make a volume that is missing, empty, and take it for the data.
  for (const volume of Object.keys(volumes)) {
    if (await allow(docker.getVolume(volume).inspect(), 404)) continue;
    throw new EngineError("data-lost", `volume ${volume} was removed from under the preview's data`);
  }
  scope.signal.throwIfAborted();
  const image = await anchorImage(host);
  const owned = previewLabels({ server: host.server, preview: scope.preview.key }, "anchor", generation);
  await createHolder(docker, { name: anchor, image, labels: owned, volumes, readOnly: [snapshotVolume] });
}

async function branchByOverlay(host: DataHost, step: StepOf<"branch">, scope: StepScope): Promise<void> {
  const { docker } = host;
  const { name, generation, snapshot } = step;
  const parts = branchParts(name);
  const owned = previewLabels({ server: host.server, preview: scope.preview.key }, "data", generation);
  const [lower, upper, work] = await Promise.all([
    mountpointOf(host, snapshot.volume),
    ensureVolume(docker, { name: parts.upper, labels: owned }),
    ensureVolume(docker, { name: parts.work, labels: owned }),
  ]);
  scope.signal.throwIfAborted();
  await ensureVolume(docker, {
    name,
    labels: { ...branchLabels(step, scope, owned), [labels.snapshot]: snapshot.volume },
    options: overlayOptions({ lower, upper, work }),
  });
  await runAnchor(host, { name, snapshotVolume: snapshot.volume, generation }, scope);
  // The root of an overlay is its upper directory, which the engine made for root alone.
  await writeOwnership(docker, { container: parts.anchor, path: places.branch }, snapshot.root);
}

/** The service's own image brings `cp`, which makes use of shared blocks where the file system has them. */
async function branchByCopy(host: DataHost, step: StepOf<"branch">, scope: StepScope): Promise<void> {
  const { docker } = host;
  const { name, generation, snapshot } = step;
  const owner = { server: host.server, preview: scope.preview.key };
  await mountpointOf(host, snapshot.volume);
  const dataLabels = branchLabels(step, scope, previewLabels(owner, "data", generation));
  await ensureVolume(docker, { name, labels: dataLabels });
  scope.signal.throwIfAborted();
  const helper = `${name}.copy`;
  await allow(docker.getContainer(helper).remove({ force: true, v: true }), 404);
  const container = await createHolder(docker, {
    name: helper,
    image: step.imageId,
    labels: previewLabels(owner, "helper", generation),
    volumes: { [snapshot.volume]: places.snapshot, [name]: places.branch },
    readOnly: [snapshot.volume],
    command: ["cp", "-a", `${places.snapshot}/.`, `${places.branch}/`],
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait({ abortSignal: scope.signal })) as { StatusCode: number };
    if (StatusCode !== 0) {
      const logTail = await tail(docker, helper, 20);
      const what = `the snapshot of ${step.service} could not be copied: cp ended with code ${StatusCode}`;
      throw new EngineError("seed-failed", what, { service: step.service, logTail });
    }
  } finally {
    await allow(container.remove({ force: true, v: true }), 404, 409);
  }
}

async function mountpointOf({ docker }: DataHost, volume: string): Promise<string> {
  const found = await allow(docker.getVolume(volume).inspect(), 404);
  if (found) return found.Mountpoint;
  throw new EngineError("engine-refused", `snapshot ${volume} was removed meanwhile`, { retry: "backoff" });
}

function branchLabels(
  step: StepOf<"branch">,
  { project }: StepScope,
  owned: Record<string, string>,
): Record<string, string> {
  const { volume, dataKey } = step;
  return { ...composeLabels(project, { volume }), ...owned, [labels.volume]: volume, [labels.dataKey]: dataKey };
}
