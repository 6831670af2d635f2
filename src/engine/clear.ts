import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import { allow, statusOf } from "./docker.ts";
import { disconnectAll } from "./networks.ts";
import { ownedBy } from "./ownership.ts";

export type Cleared = { containers: number; networks: number; volumes: number; images: number };

/**
 * Removes everything on the engine that carries this server's label; images we built and snapshots too when `caches` is
 * set. Nothing else is touched. An image that somebody else's container uses stays. Throws EngineError.
 */
export async function clearEngine(docker: Docker, server: string, { caches }: { caches: boolean }): Promise<Cleared> {
  const filters = ownedBy(server);
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(
    containers.map(({ Id }) => allow(docker.getContainer(Id).remove({ force: true, v: true }), 404, 409)),
  );
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map(({ Id }) => clearNetwork(docker, Id)));
  const found = (await docker.listVolumes({ filters })).Volumes;
  const volumes = found.filter((volume) => caches || volume.Labels?.[labels.kind] !== "snapshot");
  await Promise.all(volumes.map(({ Name }) => allow(docker.getVolume(Name).remove(), 404)));
  const images = caches
    ? await docker.listImages({
        all: false,
        filters: { label: [`${labels.server}=${server}`, `${labels.kind}=image`] },
      })
    : [];
  // By its names: the engine removes none by its id while it has two, as one built again after a lost state has.
  for (const { Id, RepoTags } of images) {
    for (const name of RepoTags?.length ? RepoTags : [Id]) await allow(docker.getImage(name).remove(), 404, 409);
  }
  return { containers: containers.length, networks: networks.length, volumes: volumes.length, images: images.length };
}

/** A container whose removal is under way may hold its place for a moment ("has active endpoints"). */
async function clearNetwork(docker: Docker, id: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await allow(docker.getNetwork(id).inspect(), 404);
    if (found === null) return;
    await disconnectAll(docker, found);
    try {
      await allow(docker.getNetwork(id).remove(), 404);
      return;
    } catch (error) {
      if (statusOf(error) !== 403 || attempt === 10) throw error;
    }
  }
}
