import type { Readable } from "node:stream";
import { composeLabels, previewLabels } from "../domain/labels.ts";
import type { Step } from "../plan/step.ts";
import { anchorImage } from "./anchor-image.ts";
import { allow } from "./docker.ts";
import { packFiles } from "./files-archive.ts";
import { createHolder } from "./holder.ts";
import { putArchive } from "./put-archive.ts";
import { ownerOf, refuseForeign } from "./ownership.ts";
import type { StepHost, StepScope } from "./step-host.ts";

/** Where the volume is mounted in what it is filled through. */
const place = "/mayfly/files";

/**
 * Makes the volume with a generation's files, and fills it with an archive through a container that is never started:
 * no path of the host is needed, wherever Mayfly itself runs. A volume that is there is filled again. Throws EngineError.
 */
export async function fillFiles(
  host: StepHost,
  step: Extract<Step, { kind: "fill" }>,
  scope: StepScope,
): Promise<void> {
  const { docker } = host;
  if (!scope.openSource) throw new TypeError("files are to be laid out, and nobody said of what");
  const paths = step.files.flatMap(({ from }) => (from.kind === "repository" ? [from.path] : []));
  await using source = await scope.openSource(paths);
  const owner = ownerOf(host, scope);
  const found = await allow(docker.getVolume(step.name).inspect(), 404);
  if (found) refuseForeign(found.Labels, owner, `volume ${step.name}`);
  const image = await anchorImage(host);
  scope.signal.throwIfAborted();
  const Labels = {
    ...composeLabels(scope.project, { volume: "mayfly-files" }),
    ...previewLabels(owner, "files", step.generation),
  };
  if (!found) await docker.createVolume({ Name: step.name, Driver: "local", Labels });
  const name = `${step.name}.fill`;
  await allow(docker.getContainer(name).remove({ force: true, v: true }), 404, 409);
  const labels = previewLabels(owner, "helper", step.generation);
  const container = await createHolder(docker, { name, image, labels, volumes: { [step.name]: place } });
  try {
    const archive = packFiles(source, step.files) as unknown as Readable;
    await putArchive(container, archive, { path: place, signal: scope.signal });
  } finally {
    await allow(container.remove({ force: true, v: true }), 404, 409);
  }
}
