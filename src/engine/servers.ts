import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";

/** Which Mayflies have containers or volumes on the engine: how many, by server id. Throws EngineError. */
export async function serversOn(docker: Docker): Promise<Map<string, number>> {
  const filters = { label: [labels.server] };
  const [containers, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
  ]);
  const counts = new Map<string, number>();
  for (const { Labels } of [...containers, ...volumes]) {
    const server = Labels?.[labels.server];
    if (server !== undefined) counts.set(server, (counts.get(server) ?? 0) + 1);
  }
  return counts;
}
