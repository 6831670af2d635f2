import type { Manifest } from "../../config/manifest.ts";
import { placeOf } from "../../config/yaml-node.ts";
import type { Place } from "../../domain/errors.ts";
import { previewHost } from "../../domain/naming.ts";
import { parseEnvFile } from "./env-file.ts";
import { createBudget, createSubstitution, type Scope } from "./interpolate.ts";
import type { PreviewFacts } from "../preview-facts.ts";
import { standInValues } from "./stand-ins.ts";
import { readAt, resolvePath, type SourceReader } from "../repository-path.ts";

/** Where a service is seen from outside, as far as names tell: the main one has the preview's own host. */
export type Hosts = { services: readonly string[]; main: string | null };

/** `MAYFLY`, `MAYFLY_URL`, `MAYFLY_URL_<SERVICE>` … : what a stack may know of its preview. */
export function mayflyVariables(preview: PreviewFacts, hosts: Hosts): Map<string, string> {
  const host = (service: string) =>
    previewHost(preview.slug, preview.domain, service === hosts.main ? undefined : service);
  const main = previewHost(preview.slug, preview.domain);
  return new Map([
    ["MAYFLY", "true"],
    ["MAYFLY_URL", preview.link(main)],
    ["MAYFLY_HOST", main],
    ["MAYFLY_PREVIEW_ID", preview.slug],
    ["MAYFLY_PR_NUMBER", String(preview.number)],
    ["MAYFLY_BRANCH", preview.branch],
    ["MAYFLY_COMMIT", preview.commit],
    ["MAYFLY_COMMIT_SHORT", preview.commit.slice(0, 7)],
    ["MAYFLY_REPOSITORY", preview.repository],
    ["COMPOSE_PROJECT_NAME", preview.project],
    // Compose is started where the paths of its files begin. There is no home directory: what is of one is refused.
    ["PWD", "."],
    ["HOME", "~"],
    ...hosts.services.map((service): [string, string] => [urlVariable(service), preview.link(host(service))]),
  ]);
}

/** Told of each variable without value and default, with what stands in for it: the example of an env file that is not committed. */
export type Unset = (name: string, place: Place, standIn: { file: string; for: string } | null) => void;

/**
 * The scope of a stack: ours, then secrets by their marks, then the manifest's `variables` (which may use both), then a template's parameters, then
 * `.env` beside the first Compose file and at the root. Throws InputError as env files and interpolation do.
 */
export function createScope(
  own: ReadonlyMap<string, string>,
  given: {
    manifest: Manifest;
    secrets: ReadonlyMap<string, string>;
    parameters: ReadonlyMap<string, string>;
    directory: string;
  },
  reader: SourceReader,
  tell: Unset,
): Scope {
  const spend = createBudget();
  const alone: Scope["onUnset"] = (name, place) => {
    tell(name, place, null);
    return null;
  };
  const ours: Scope = { lookup: (name) => own.get(name) ?? given.secrets.get(name), onUnset: alone, spend };
  const substitute = createSubstitution(ours);
  const variables = new Map(
    Object.entries(given.manifest.variables ?? {}).map(([name, value]) => [
      name,
      substitute(value, placeOf(given.manifest.node, ["variables", name])),
    ]),
  );
  const layers: ReadonlyMap<string, string>[] = [own, given.secrets, variables, given.parameters];
  const missing: string[] = [];
  const lookup = (name: string) => layers.find((layer) => layer.has(name))?.get(name);
  for (const path of new Set([resolvePath(given.directory, ".env"), ".env"])) {
    const text = readAt(reader, path, { file: path, line: 1, column: 1 });
    if (text === null) missing.push(path);
    const entries = text === null ? [] : parseEnvFile(path, text, { lookup, onUnset: alone, spend });
    layers.push(new Map([...entries].map(([name, entry]) => [name, entry.value])));
  }
  // Looked for only where something is missing.
  let standIns: ReturnType<typeof standInValues> | undefined;
  const onUnset: Scope["onUnset"] = (name, place) => {
    standIns ??= standInValues(missing, reader, { lookup, onUnset: () => null, spend });
    const found = standIns.get(name) ?? null;
    tell(name, place, found);
    return found?.value ?? null;
  };
  return { lookup, onUnset, spend };
}

/** The name of the variable that holds the address of a service. */
export function urlVariable(service: string): string {
  return `MAYFLY_URL_${service.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}
