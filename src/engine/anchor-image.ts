import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import { imageNamespace } from "../domain/naming.ts";
import { allow } from "./docker.ts";
import { emptyArchive } from "./directory.ts";

const repository = `${imageNamespace}/anchor`;

/** The image of that server's anchors. */
export function anchorImageName(server: string): string {
  return `${repository}:${server}`;
}

/** By engine what is being imported just now: of two under one name the first would stay, nameless, for ever. */
const making = new WeakMap<Docker, Promise<string>>();

/** The engine makes no container without an image; one that is never started needs nothing in it. */
export async function anchorImage({ docker, server }: { docker: Docker; server: string }): Promise<string> {
  const begun = making.get(docker) ?? ensure(docker, server).finally(() => making.delete(docker));
  making.set(docker, begun);
  return await begun;
}

async function ensure(docker: Docker, server: string): Promise<string> {
  const name = anchorImageName(server);
  if (await allow(docker.getImage(name).inspect(), 404)) return name;
  const changes = [`LABEL ${labels.server}=${server}`, `LABEL ${labels.kind}=image`];
  const output = await docker.importImage(emptyArchive(), { repo: repository, tag: server, changes });
  for await (const _progress of output) {
    // It is there when the engine has said all.
  }
  return name;
}
