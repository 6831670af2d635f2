import type Docker from "dockerode";
import { emptyArchive } from "./directory.ts";
import { ensureOwnImage, ownImageName } from "./own-image.ts";

/** The image of that server's anchors. */
export function anchorImageName(server: string): string {
  return ownImageName("anchor", server);
}

/** The engine makes no container without an image; one that is never started needs nothing in it. */
export function anchorImage(host: { docker: Docker; server: string }): Promise<string> {
  return ensureOwnImage(host, { name: "anchor", archive: emptyArchive });
}
