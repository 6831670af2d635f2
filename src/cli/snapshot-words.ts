import type { SnapshotView } from "../domain/snapshot.ts";
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
  const told = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  const width = Math.max(...told.map(([name]) => name.length));
  return [view.id, ...told.map(([name, fact]) => `  ${name.padEnd(width)}  ${fact.replaceAll(/\s+/g, " ")}`)];
}

/** `3.2 GiB`. */
export function sizeWords(bytes: number | null): string {
  if (bytes === null) return "-";
  const power = Math.min(4, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"];
