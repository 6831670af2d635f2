import type { Finding } from "../domain/errors.ts";
import { sourcePathOf } from "../domain/files.ts";
import type { Mount } from "../domain/service.ts";
import type { StackSpec } from "../domain/stack.ts";

/** Where images of databases have what they run once, when their data is made. */
const firstRunFolder = "/docker-entrypoint-initdb.d";

/**
 * A database that has its data does not run changed init scripts, and is not replaced because of them: its files of
 * the first run count as the ones that it ran, until a reset. Says so of each that changed.
 */
export function keepFirstRunFiles(
  candidate: StackSpec,
  serving: StackSpec | null,
): { stack: StackSpec; findings: Finding[] } {
  if (serving === null || serving.dataEpoch !== candidate.dataEpoch) return { stack: candidate, findings: [] };
  const findings: Finding[] = [];
  const editionIn = (stack: StackSpec, mount: Mount) =>
    mount.kind === "volume" ? stack.volumes.find(({ name }) => name === mount.volume)?.edition : undefined;
  const services = candidate.services.map((service) => {
    const earlier = serving.services.find(({ name }) => name === service.name);
    if (service.mounts.some((mount) => editionIn(serving, mount) !== editionIn(candidate, mount))) return service;
    const keep = (mount: Mount): Mount => {
      const ran = earlier && isOfFirstRun(mount) ? earlier.mounts.find((each) => isSame(each, mount)) : undefined;
      if (mount.kind !== "files" || ran?.kind !== "files" || ran.content === mount.content) return mount;
      findings.push(changedNote(service.name, sourcePathOf(mount.path, candidate.files) ?? mount.target));
      return { ...mount, ...(ran.content !== undefined && { content: ran.content }) };
    };
    return { ...service, mounts: service.mounts.map(keep) };
  });
  return { stack: { ...candidate, services }, findings };
}

function isOfFirstRun({ target }: Mount): boolean {
  return target === firstRunFolder || target.startsWith(`${firstRunFolder}/`);
}

function isSame(one: Mount, other: Mount): boolean {
  return one.kind === "files" && other.kind === "files" && one.target === other.target && one.path === other.path;
}

function changedNote(service: string, file: string): Finding {
  const message = `${file} changed: ${service} ran it when its data was made, and runs it again on new data only`;
  const hint = "/reset gives the preview new data.";
  return { file, line: 1, column: 1, action: "note", code: "first-run-file", message, hint };
}
