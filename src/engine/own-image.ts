import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import { imageNamespace } from "../domain/naming.ts";
import { allow } from "./docker.ts";

/** An image that we make of an archive, and nobody pulls: one for each server. */
export type OwnImage = { name: string; archive(): NodeJS.ReadableStream };

/** By engine what is being imported just now: of two under one name the first would stay, nameless, for ever. */
const making = new WeakMap<Docker, Map<string, Promise<string>>>();

/** Makes the image where it is not there yet; answers its name. Throws EngineError. */
export async function ensureOwnImage(
  { docker, server }: { docker: Docker; server: string },
  image: OwnImage,
): Promise<string> {
  const begun = making.get(docker) ?? new Map<string, Promise<string>>();
  making.set(docker, begun);
  const name = ownImageName(image.name, server);
  const made = begun.get(name) ?? make(docker, server, image).finally(() => begun.delete(name));
  begun.set(name, made);
  return await made;
}

/** What such an image is called. */
export function ownImageName(image: string, server: string): string {
  return `${imageNamespace}/${image}:${server}`;
}

async function make(docker: Docker, server: string, { name, archive }: OwnImage): Promise<string> {
  const whole = ownImageName(name, server);
  if (await allow(docker.getImage(whole).inspect(), 404)) return whole;
  const changes = [`LABEL ${labels.server}=${server}`, `LABEL ${labels.kind}=image`];
  const repo = whole.slice(0, whole.lastIndexOf(":"));
  const output = await docker.importImage(archive(), { repo, tag: server, changes });
  for await (const _progress of output) {
    // It is there when the engine has said all.
  }
  return whole;
}
