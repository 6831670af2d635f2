import { specHash } from "./spec-hash.ts";
import type { ServiceSpec } from "./service.ts";
import type { BuildSpec, Trust } from "./stack.ts";

/** Octets in one DNS label (RFC 1035 section 2.3.4). */
const labelOctets = 63;

/** `<repositoryId>-<number>`: survives renames and transfers. */
export function previewKey(repositoryId: number, number: number): string {
  return `${repositoryId}-${number}`;
}

/** A repository's name as part of a host: lower-case letters, digits and single hyphens, never empty. */
export function repositorySlug(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return shorten(slug === "" ? "repository" : slug, 40);
}

/** `shop-pr-42`. */
export function previewSlug(repository: string, number: number): string {
  return shorten(`${repository}-pr-${number}`, labelOctets);
}

/** The host of the main route, or of a sibling service: one label under the domain. */
export function previewHost(slug: string, domain: string, service?: string): string {
  if (service === undefined) return `${slug}.${domain}`;
  const name = service
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return `${shorten(`${slug}--${name}`, labelOctets)}.${domain}`;
}

/** A link to a preview's host takes scheme and port from `public_url`. */
export function previewLink(host: string, publicUrl: string): string {
  const url = new URL(publicUrl);
  return `${url.protocol}//${host}${url.port === "" ? "" : `:${url.port}`}`;
}

/** The Compose project of a preview: readable at 3 AM, and distinct between two servers on one engine. */
export function projectName(slug: string, serverId: string): string {
  return `${slug}-${serverId.slice(0, 4)}`;
}

/** One for all previews of a server: nobody is in it. */
export function homeNetworkName(serverId: string): string {
  return `mayfly-home-${serverId}`;
}

/** Sorts before a generation's: the engine asks networks for a name in this order. */
export function dataNetworkName(project: string): string {
  return `${project}_data`;
}

export function networkName(project: string, generation: number, network: string): string {
  return `${project}_g${generation}_${network}`;
}

/**
 * A volume's name carries a nonce: creating an existing name answers with the old one. One that stands for a path
 * (`./data`) is spelled as the engine allows.
 */
export function volumeName(project: string, volume: string, nonce: string): string {
  const plain = volume.replace(/^\.\//, "").replaceAll(/[^a-zA-Z0-9_.-]+/g, "-");
  return `${project}_${plain === volume ? plain : `${plain.slice(0, 60)}-${specHash(volume).slice(0, 8)}`}_${nonce}`;
}

/** The volume with a generation's files. No volume of the user's can have its name: those go on with `_`. */
export function filesVolumeName(project: string, generation: number, nonce: string): string {
  return `${project}.files-g${generation}_${nonce}`;
}

/** A kept container is named by what it is, a stateless one by its generation. */
export function containerName(
  project: string,
  service: Pick<ServiceSpec, "name" | "kept">,
  version: { generation: number; hash: string },
): string {
  return `${project}-${service.name}-${service.kept ? version.hash.slice(0, 8) : `g${version.generation}`}`;
}

/** The container of a check. No service's can have its name: those go on with `-`. */
export function checkContainerName(project: string, generation: number, check: string): string {
  return `${project}.check-${check}-g${generation}`;
}

/** Images that we built live under this name; nobody may name it in `image:` or `FROM`. */
export const imageNamespace = "mayfly.local";

/**
 * The tag of an image to build: a hash of everything that goes in. `salt` is the server's secret, so that a branch
 * cannot guess another repository's tag; `tree` is the git tree of the context, `dockerfile` its Dockerfile's text.
 */
export function imageTag(
  owner: { repositoryId: number; trust: Trust; salt: string },
  build: Omit<BuildSpec, "tag" | "name">,
  content: object,
): string {
  const hash = specHash({ owner, build, content }).slice(0, 32);
  return `${imageNamespace}/${owner.repositoryId}/${owner.trust}:${hash}`;
}

/** Which data a volume holds: another image or another edition is other data. */
export function dataKey(volume: string, image: string, edition: string): string {
  return specHash({ volume, image, edition }).slice(0, 16);
}

/** A snapshot's volume; the nonce keeps what an interrupted build left from being taken for it. */
export function snapshotVolumeName(server: string, key: string, nonce: string): string {
  return `mayfly-snapshot-${server.slice(0, 4)}-${key.slice(0, 8)}-${nonce}`;
}

/** A source edition's volume, and by what is added to its name what is made on the way to it. */
export function editionVolumeName(server: string, source: string, nonce: string): string {
  return `mayfly-source-${server.slice(0, 4)}-${source}-${nonce}`;
}

/** What a copy-on-write branch consists of beside its own volume. */
export function branchParts(volume: string): { upper: string; work: string; anchor: string } {
  return { upper: `${volume}.upper`, work: `${volume}.work`, anchor: `${volume}.anchor` };
}

/** Cuts to `octets`, keeping names apart by a hash of the whole. Input must be ASCII. */
function shorten(text: string, octets: number): string {
  if (text.length <= octets) return text;
  return `${text.slice(0, octets - 9).replace(/-+$/, "")}-${specHash(text).slice(0, 8)}`;
}
