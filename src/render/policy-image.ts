import {
  isImageId,
  isImageReference,
  isOwnImage,
  isPrivateRegistry,
  registryHostOf,
} from "../domain/image-reference.ts";
import { imageNamespace } from "../domain/naming.ts";
import { excerpt } from "../config/excerpt.ts";

export type ImageProblem = { code: string; what: string; hint: string };

/** Registries that the operator has an account for: a team's stack may name them, also on our own network, a fork's none. */
export type OperatorRegistries = { hosts: readonly string[]; areOpen: boolean };

export const noRegistries: OperatorRegistries = { hosts: [], areOpen: false };

/**
 * Why a branch may not name this image, or null; `what` follows the place that names it. Images of the operator's
 * registries may be on this host for others.
 */
export function imageProblem(reference: string, registries: OperatorRegistries = noRegistries): ImageProblem | null {
  const shown = excerpt(reference);
  if (isOwnImage(reference)) {
    return {
      code: "own-image",
      what: `names an image under ${imageNamespace}: images that Mayfly built are not shared by name`,
      hint: "Build it in this stack with `build:`, use a stage of the same Dockerfile, or a public image.",
    };
  }
  if (isImageId(reference)) {
    return {
      code: "image-id",
      what: `can be read as an image's id, which could be anybody's image on this host: ${shown}`,
      hint: "Name the image with its tag: name:tag.",
    };
  }
  if (!isImageReference(reference)) {
    return {
      code: "image-name",
      what: `is no name of an image: ${shown}`,
      hint: "Write it in lower case as [registry/]name[:tag]; a variable in it must be set.",
    };
  }
  const host = registryHostOf(reference);
  if (host !== null && registries.hosts.includes(host)) return registries.areOpen ? null : closedRegistry(host);
  if (host === null || !isPrivateRegistry(host)) return null;
  return {
    code: "private-registry",
    what: `names the registry ${host}, which is this host or its own network`,
    hint: "Name an image of a public registry, or let the operator list this one under `registries`.",
  };
}

function closedRegistry(host: string): ImageProblem {
  return {
    code: "closed-registry",
    what: `names the registry ${host}, whose images a fork's preview does not get`,
    hint: "Name an image of a public registry, or let somebody with write access push the branch to the repository itself.",
  };
}
