import type { Failure } from "./errors.ts";
import { wholeReference } from "./image-reference.ts";
import type { MaskRule } from "./mask.ts";
import type { ServiceSpec } from "./service.ts";
import { specHash } from "./spec-hash.ts";
import type { Trust } from "./stack.ts";

/** When something is due again. */
export type Schedule = {
  /** As it is written. */
  text: string;
  /** The first moment after this one, in the server's time zone; null when there is none. Both in epoch milliseconds. */
  next(after: number): number | null;
};

/** Data from the operator's side that a manifest may name, and not define. */
export type Source = {
  name: string;
  /** What a shell command prints, or what is in a file. */
  from: { kind: "command"; command: string } | { kind: "file"; path: string };
  /** The database that its dump is loaded into to be masked; null: the one of the service that it seeds. */
  image: string | null;
  /** Every column is masked or explicitly kept, or nothing of it is published. */
  sensitive: boolean;
  /** How columns are changed before anybody sees them; null: they are not. */
  mask: Mask | null;
  refresh: Schedule | null;
  /** Which repositories may name it, `owner/name` or `owner/*` in lower case; null: all that have previews here. */
  repositories: readonly string[] | null;
  /** Whether a fork's pull request gets its data, too. */
  forks: boolean;
  timeoutMs: number;
  /** The most that is read of it, unpacked. */
  mostBytes: number;
};

/** The rules, and a hash of what they do: other rules are other data. */
type Mask = { rules: readonly MaskRule[]; hash: string };

/** What a manifest may name: `closed` are there, and not for a fork. */
export type SourceOffer = { names: readonly string[]; closed: readonly string[] };

/** The sources that a pull request of this repository (`owner/name`) may name. */
export function offerSources(sources: readonly Source[], asker: { repository: string; trust: Trust }): SourceOffer {
  const theirs = sources.filter((source) => isFor(source, asker.repository.toLowerCase()));
  const isOpen = (source: Source) => asker.trust === "team" || source.forks;
  const namesOf = (some: readonly Source[]) => some.map(({ name }) => name);
  return { names: namesOf(theirs.filter(isOpen)), closed: namesOf(theirs.filter((source) => !isOpen(source))) };
}

function isFor({ repositories }: Source, repository: string): boolean {
  const names = [repository, `${repository.split("/")[0]}/*`];
  return repositories === null || names.some((name) => repositories.includes(name));
}

/**
 * The edition of a source that is loaded into a service of that image, and its key. Nothing that a refresh changes is in
 * it: what a source gives from one night to the next is the same data to those who name it. Null where it is to be
 * masked, and nobody says in which database.
 */
export function wishEdition(source: Source, service: Pick<ServiceSpec, "image">): EditionWish | null {
  const { name, from, mask, sensitive } = source;
  const image = mask === null ? null : (source.image ?? officialImage(service));
  if (mask !== null && image === null) return null;
  const rules = mask?.hash ?? null;
  // What was published before it was sensitive was never held to that: it is no edition of what is.
  const key = specHash({ name, from, rules, image, sensitive }).slice(0, 32);
  return { key, source: name, image, rules };
}

/** The key of what a name gives to a service, also where it gives nothing as yet. */
export function sourceKey(
  sources: readonly Source[],
  name: string,
  service: Pick<ServiceSpec, "image"> | undefined,
): string {
  const source = sources.find((each) => each.name === name);
  return (source && service && wishEdition(source, service)?.key) ?? `no edition of ${name}`;
}

/**
 * The database's own image of a service's version, by name: no branch has made it. Only what dumps differ by is in it,
 * so that `postgres:17.2-alpine` has no reading of its own beside `postgres:17`. Null for a digest without a tag, which
 * tells no version.
 */
function officialImage({ image }: Pick<ServiceSpec, "image">): string | null {
  if (image.kind !== "pull") return null;
  const [, name = "", tag = ""] = official.exec(wholeReference(image.reference)) ?? [];
  if (name === "") return null;
  const [version, first = ""] = /^(\d+)(?:\.\d+)?/.exec(tag) ?? [];
  // Since Postgres 10 the first number alone tells what its dumps are like.
  if (version !== undefined) return `${name}:${name === "postgres" && Number(first) >= 10 ? first : version}`;
  return `${name}:${/^(lts|innovation)\b/.exec(tag)?.[0] ?? "latest"}`;
}

const official = /^docker\.io\/library\/(postgres|mariadb|mysql):([\w.-]+)/;

/** One edition to be made: of a source by its rules, in a database of this image. Equal keys have equal data. */
export type EditionWish = {
  key: string;
  source: string;
  /** The database's image by name; null where nothing is masked, and so nothing is run. */
  image: string | null;
  /** A hash of the rules; null without any. */
  rules: string | null;
};

/** `nightly in postgres:17 by rules 0d2f11aa`. */
export function describeWish({ source, image, rules }: Pick<EditionWish, "source" | "image" | "rules">): string {
  return rules === null ? source : `${source} in ${image ?? ""} by rules ${rules}`;
}

/** What is known of an edition once it is made. */
export type EditionFacts = {
  form: "sql" | "dump";
  /** Unpacked, as it is loaded. */
  bytes: number;
  /** Per table what was done with its columns, a line each; empty without a mask. */
  coverage: string[];
  /** How many raw values were looked for in it, and not found. */
  searched: number;
};

/** What the store knows of one. Times in epoch milliseconds. */
export type Edition = EditionWish & {
  volume: string;
  facts: EditionFacts;
  cause: string;
  builtAt: number;
  tookMs: number;
  /** When something was loaded last from one of its key. */
  usedAt: number;
  /** Since when another one of the same key is loaded; null for that one. */
  replacedAt: number | null;
};

/** When a source was read last; `failure` is why that did not succeed. */
export type SourceRead = {
  triedAt: number;
  doneAt: number | null;
  failure: (Failure & { words: string | null }) | null;
};

/** What people are shown of a source. Times in epoch milliseconds. */
export type SourceView = Pick<Source, "name" | "sensitive" | "repositories" | "forks"> & {
  kind: "source";
  /** A hash of its mask's rules; null without any. */
  rules: string | null;
  refresh: string | null;
  next: number | null;
  isUnderWay: boolean;
  read: SourceRead | null;
  /** Newest first. */
  editions: Edition[];
};
