import { type SnapshotView, snapshotId } from "../domain/snapshot.ts";
import type { SourceView } from "../domain/source.ts";
import { formatSpan } from "../domain/time.ts";

/** One snapshot as people read it, a line each. */
export function describeSnapshot(view: SnapshotView, now: number): string[] {
  const { repository, service, trust, parts, cause, commit, builtAt, tookMs, usedAt, bytes, branches } = view;
  const facts: [string, string | null][] = [
    ["of", repository === null ? null : `${repository}, service ${service ?? ""} (${trust ?? ""})`],
    ["loaded", parts.join(", ") || null],
    ["sources", view.sources.join(", ") || null],
    ["built", `${formatSpan(now - builtAt)} ago in ${formatSpan(tookMs)}, ${cause}`],
    ["commit", commit],
    ["used", `${formatSpan(now - usedAt)} ago`],
    ["state", view.newest ? null : "replaced: new previews get a newer one"],
    ["size", sizeWords(bytes)],
    ["volume", view.volume],
    ...branches.map((each): [string, string] => ["branch", `${each.preview}, wrote ${sizeWords(each.bytes)}`]),
    ["failed", view.failure && `${formatSpan(now - view.failure.at)} ago: ${view.failure.what} ${view.failure.now}`],
  ];
  return [view.id, ...columnsOf(facts)];
}

/** A source and what it gave last, a line each. */
export function describeSource(view: SourceView, now: number): string[] {
  const { name, sensitive, rules, refresh, next, repositories, forks, read, editions } = view;
  const newest = editions.filter(({ replacedAt }) => replacedAt === null);
  const facts: [string, string | null][] = [
    ["read", readWords(view, now)],
    [
      "refresh",
      refresh === null
        ? "by `mayfly snapshot refresh` alone"
        : `${refresh}${next === null ? "" : `, next in ${formatSpan(next - now)}`}`,
    ],
    ["mask", rules === null ? "none: it is shown as it is" : `rules ${rules}${sensitive ? ", every column" : ""}`],
    ["for", `${repositories?.join(", ") ?? "every repository"}${forks ? ", forks too" : ""}`],
    ...newest.flatMap((edition): [string, string][] => [
      [
        "edition",
        `${snapshotId(edition.volume)}${edition.image === null ? "" : ` in ${edition.image}`}, ${formatSpan(now - edition.builtAt)} old, made in ${formatSpan(edition.tookMs)}, ${sizeWords(edition.facts.bytes)} unpacked, ${edition.cause}`,
      ],
      ...edition.facts.coverage.map((line): [string, string] => ["column", line]),
      ...(edition.image === null
        ? []
        : [["searched", `${edition.facts.searched} raw values, none found`] satisfies [string, string]]),
    ]),
    ["failed", read?.failure ? `${read.failure.what}. ${read.failure.now}` : null],
    ...(read?.failure?.words ?? "")
      .split("\n")
      .map((line): [string, string | null] => ["said", line === "" ? null : line]),
  ];
  return [name, ...columnsOf(facts)];
}

/** When it was read, and how that went. */
export function readWords({ read, isUnderWay, editions }: SourceView, now: number): string {
  if (isUnderWay) return "is being read";
  const done =
    read?.doneAt == null
      ? editions.length === 0
        ? "not read yet"
        : "read before"
      : `read ${formatSpan(now - read.doneAt)} ago`;
  return read?.failure ? `${done}, failed ${formatSpan(now - read.triedAt)} ago: ${read.failure.what}` : done;
}

function columnsOf(facts: readonly (readonly [string, string | null])[]): string[] {
  const told = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  const width = Math.max(...told.map(([name]) => name.length));
  return told.map(([name, fact]) => `  ${name.padEnd(width)}  ${fact.replaceAll(/\s+/g, " ")}`);
}

/** `3.2 GiB`. */
export function sizeWords(bytes: number | null): string {
  if (bytes === null) return "-";
  const power = Math.min(4, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"];
