import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import type { OwnImage } from "../domain/spare-images.ts";
import { allow } from "./docker.ts";

/** Images that this server built, by each of their names. Throws EngineError. */
export async function builtImages(docker: Docker, server: string): Promise<OwnImage[]> {
  const filters = { label: [`${labels.server}=${server}`, `${labels.kind}=image`] };
  const found = await docker.listImages({ filters });
  return found.flatMap(({ Id, RepoTags, Created }) =>
    (RepoTags?.length ? RepoTags : [Id]).map((name) => ({ name, id: Id, createdAt: Created * 1000 })),
  );
}

/** Those of these that are on the engine still, as old as their pull. Throws EngineError. */
export async function pulledImages(
  docker: Docker,
  pulled: readonly { name: string; pulledAt: number }[],
): Promise<OwnImage[]> {
  const found = await Promise.all(
    pulled.map(async ({ name, pulledAt }) => {
      const info = await allow(docker.getImage(name).inspect(), 404, 400);
      return info === null ? [] : [{ name, id: info.Id, createdAt: pulledAt }];
    }),
  );
  return found.flat();
}

/** Removes an image by its name; false where a container, running or not, still has it. Throws EngineError. */
export async function removeImage(docker: Docker, name: string): Promise<boolean> {
  const image = docker.getImage(name);
  if ((await allow(image.inspect(), 404)) === null) return false;
  return (await allow(image.remove(), 404, 409)) !== null;
}

/**
 * Forgets what builds keep for the next ones and none used for so long, anybody's; answers the bytes. Throws EngineError.
 * (Engine API 1.45, `POST /build/prune`; the client's own call leaves its options out.)
 */
export async function forgetBuilds({ modem }: Pick<Docker, "modem">, unusedMs: number): Promise<number> {
  const filters = JSON.stringify({ until: [`${Math.ceil(unusedMs / 1000)}s`] });
  const call = {
    path: "/build/prune?",
    method: "POST",
    options: { all: true, filters },
    statusCodes: { 200: true, 500: "the cache of builds could not be pruned" },
  };
  const pruned = await new Promise<unknown>((resolve, reject) => {
    modem.dial(call, (error, result) => (error ? reject(error) : resolve(result)));
  });
  return (pruned as { SpaceReclaimed?: number } | null)?.SpaceReclaimed ?? 0;
}
