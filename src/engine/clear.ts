import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import { allow } from "./docker.ts";
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
  await Promise.all(networks.map(({ Id }) => allow(docker.getNetwork(Id).remove(), 404)));
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
