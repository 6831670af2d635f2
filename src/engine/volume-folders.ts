import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { previewLabels } from "../domain/labels.ts";
import type { ContainerPlan } from "../plan/step.ts";
import { anchorImage } from "./anchor-image.ts";
import { allow } from "./docker.ts";
import { createHolder } from "./holder.ts";
import { ownerOf } from "./ownership.ts";
import type { StepHost, StepScope } from "./step-host.ts";

/**
 * Makes the folders of volumes that a container mounts by `subpath`: the engine makes none, and a new volume has none.
 * They are root's, as what the engine makes itself; one that is there stays as it is. Throws EngineError.
 */
export async function makeFolders(host: StepHost, plan: ContainerPlan, scope: StepScope): Promise<void> {
  const wanted = plan.service.mounts.flatMap((mount) => {
    const volume = mount.kind === "volume" ? plan.volumes[mount.volume] : undefined;
    return mount.kind !== "volume" || mount.subpath === undefined || volume === undefined
      ? []
      : [{ volume, at: `/mayfly/${volume}`, folder: mount.subpath }];
  });
  if (wanted.length === 0) return;
  const name = `${plan.name}.folders`;
  const image = await anchorImage(host);
  scope.signal.throwIfAborted();
  await allow(host.docker.getContainer(name).remove({ force: true, v: true }), 404, 409);
  const labels = previewLabels(ownerOf(host, scope), "helper", plan.generation);
  const volumes = Object.fromEntries(wanted.map(({ volume, at }) => [volume, at]));
  const container = await createHolder(host.docker, { name, image, labels, volumes });
  try {
    for (const { at, folder } of wanted) {
      if ((await allow(container.infoArchive({ path: `${at}/${folder}` }), 404)) !== null) continue;
      const tar = pack();
      tar.entry({ name: folder, type: "directory", mode: 0o755, uid: 0, gid: 0 });
      tar.finalize();
      await container.putArchive(await buffer(tar), { path: at });
    }
  } finally {
    await allow(container.remove({ force: true, v: true }), 404, 409);
  }
}
