import { toValue } from "../../config/yaml-node.ts";
import {
  isImageId,
  isImageReference,
  isOwnImage,
  isPrivateRegistry,
  registryHostOf,
} from "../../domain/image-reference.ts";
import { imageNamespace } from "../../domain/naming.ts";
import { noRegistries, type OperatorRegistries } from "./operator-registries.ts";
import { type Case, refuse, when } from "./policy-row.ts";

type Problem = Case & { is(reference: string, registries: OperatorRegistries): boolean };

/** Which images a branch may not name: the first that applies counts. */
const problems: readonly Problem[] = [
  problem(
    refuse(
      "own-image",
      `names an image under ${imageNamespace}: images that Mayfly built are not shared by name`,
      "Build it in this stack with `build:`, use a stage of the same Dockerfile, or a public image.",
    ),
    "an image that Mayfly built",
    isOwnImage,
  ),
  problem(
    refuse(
      "image-id",
      "can be read as an image's id, which could be anybody's image on this host",
      "Name the image with its tag: name:tag.",
    ),
    "an image's id",
    isImageId,
  ),
  problem(
    refuse(
      "image-name",
      "is no name of an image",
      "Write it in lower case as [registry/]name[:tag]; a variable in it must be set.",
    ),
    "no name of an image",
    (reference) => !isImageReference(reference),
  ),
  // What the operator has an account for may be on this host for others.
  problem(
    refuse(
      "closed-registry",
      "names a registry whose images a fork's preview does not get",
      "Name an image of a public registry, or let somebody with write access push the branch to the repository itself.",
    ),
    "in a fork, of a registry with an account",
    (reference, registries) => !registries.areOpen && isListed(reference, registries),
  ),
  problem(
    refuse(
      "private-registry",
      "names a registry that is this host or its own network",
      "Name an image of a public registry, or let the operator list this one under `registries`.",
    ),
    "of a registry on this host or its own network",
    (reference, registries) => isPrivateRegistry(registryHostOf(reference) ?? "") && !isListed(reference, registries),
  ),
];

/** The same for the policy's table. */
export const imageCases: readonly Case[] = problems;

/** Why a branch may not name this image, or null. */
export function imageProblem(reference: string, registries: OperatorRegistries = noRegistries): Case | null {
  return problems.find((each) => each.is(reference, registries)) ?? null;
}

function isListed(reference: string, { hosts }: OperatorRegistries): boolean {
  const host = registryHostOf(reference);
  return host !== null && hosts.includes(host);
}

function problem(refused: Case, says: string, is: Problem["is"]): Problem {
  const inTable = when(says, ({ node, given }) => is(String(toValue(node)), given.registries));
  return { ...refused, when: inTable, is };
}
