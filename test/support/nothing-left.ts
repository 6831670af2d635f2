import type Docker from "dockerode";
import { expect } from "vitest";
import { labels } from "../../src/domain/labels.ts";

/** Asserts that nothing on the engine carries this server's label any more: no container, network, volume or image. */
export async function nothingLeft(docker: Docker, serverId: string): Promise<void> {
  const filters = { label: [`${labels.server}=${serverId}`] };
  const [containers, networks, volumes, images] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
    docker.listImages({ all: true, filters }),
  ]);
  expect({
    containers: containers.map((each) => each.Names[0]),
    networks: networks.map((each) => each.Name),
    volumes: volumes.Volumes.map((each) => each.Name),
    images: images.map((each) => each.RepoTags?.[0] ?? each.Id),
  }).toEqual({ containers: [], networks: [], volumes: [], images: [] });
}
