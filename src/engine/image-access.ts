import type Docker from "dockerode";
import { isImageId, isImageReference } from "../domain/image-reference.ts";
import type { ImageSpec } from "../domain/service.ts";
import type { ResolvedImage, Trust } from "../domain/stack.ts";
import { allow } from "./docker.ts";
import { pull, resolveImage } from "./images.ts";
import { accountFor, type Registries } from "./registries.ts";

/** Whose stack it is. */
export type ImageOwner = { repositoryId: number; trust: Trust };

export type ImageAccess = {
  resolve(image: ImageSpec, tag: string | null, owner: ImageOwner): Promise<ResolvedImage | null>;
  /** `isNew`: nothing of that name was on the engine before. */
  pull(reference: string, trust: Trust, signal: AbortSignal): Promise<{ isNew: boolean }>;
};

/**
 * Images as each may have them: a team's are pulled with the operator's accounts. A fork's from a registry with an
 * account is not taken from this host, where it may be by that account, before it was pulled without one.
 */
export function createImageAccess(docker: Docker, registries: Registries): ImageAccess {
  const open = new Set<string>();
  return {
    async resolve(image, tag, { repositoryId, trust }) {
      const reference = image.kind === "pull" && !isImageId(image.reference) ? image.reference : null;
      const isWithheld = trust === "fork" && reference !== null && accountFor(registries, reference) !== undefined;
      if (isWithheld && !open.has(reference)) return null;
      return resolveImage(docker, image, tag, repositoryId);
    },
    async pull(reference, trust, signal) {
      const before = isImageReference(reference) ? await allow(docker.getImage(reference).inspect(), 404) : null;
      await pull(docker, reference, { signal, registries: trust === "team" ? registries : {} });
      if (trust === "fork") open.add(reference);
      return { isNew: before === null };
    },
  };
}
