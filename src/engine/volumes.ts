import { EngineError } from "../domain/errors.ts";
import { composeLabels, labels, previewLabels } from "../domain/labels.ts";
import type { Step } from "../plan/step.ts";
import { allow, statusOf } from "./docker.ts";
import { ownedBy, ownerOf, refuseForeign } from "./ownership.ts";
import type { StepHost, StepScope } from "./step-host.ts";

/** Makes a volume; one of that name that is ours is kept. (The engine itself would answer 201 with the old labels.) */
export async function createVolume(
  host: StepHost,
  step: Extract<Step, { kind: "create-volume" }>,
  scope: StepScope,
): Promise<void> {
  const found = await allow(host.docker.getVolume(step.name).inspect(), 404);
  if (found) return refuseForeign(found.Labels, ownerOf(host, scope), `volume ${step.name}`);
  scope.signal.throwIfAborted();
  await host.docker.createVolume({
    Name: step.name,
    Driver: "local",
    Labels: {
      ...composeLabels(scope.project, { volume: step.volume }),
      ...previewLabels({ server: host.server, preview: scope.preview.key }, "data", step.generation),
      [labels.volume]: step.volume,
      [labels.dataKey]: step.dataKey,
    },
  });
}

/** Removes a volume; gone already is success. Throws EngineError naming who still uses it. */
export async function removeVolume(
  host: StepHost,
  step: Extract<Step, { kind: "remove-volume" }>,
  scope: StepScope,
): Promise<void> {
  const volume = host.docker.getVolume(step.name);
  const found = await allow(volume.inspect(), 404);
  if (found === null) return;
  refuseForeign(found.Labels, ownerOf(host, scope), `volume ${step.name}`);
  scope.signal.throwIfAborted();
  try {
    await allow(volume.remove(), 404);
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    const users = await host.docker.listContainers({
      all: true,
      filters: { volume: [step.name], ...ownedBy(host.server) },
    });
    const names = users.map((user) => user.Names[0]?.slice(1) ?? user.Id).join(", ");
    throw new EngineError(
      "engine-refused",
      `volume ${step.name} is still used by ${names || "a container that is not ours"}`,
      {
        cause: error,
        retry: "backoff",
      },
    );
  }
}
