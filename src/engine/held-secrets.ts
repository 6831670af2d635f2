import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import { labels, parseGeneration } from "../domain/labels.ts";
import { readMarks } from "../domain/secret-mark.ts";
import type { ServiceSpec } from "../domain/stack.ts";
import { secretsPath } from "./container-options.ts";
import { allow } from "./docker.ts";
import { ownedBy } from "./ownership.ts";

/**
 * The values of secrets that a preview's containers were given, as the engine tells: after a restart of ours they may
 * be others than the operator's files hold by now. `specOf` answers what a generation wanted of a service. Throws EngineError.
 */
export async function heldSecrets(
  docker: Docker,
  of: { server: string; preview: string },
  specOf: (service: string, generation: number) => ServiceSpec | undefined,
): Promise<string[]> {
  const found = await docker.listContainers({ all: true, filters: ownedBy(of.server, of.preview) });
  const values = await Promise.all(
    found.map(async ({ Id, Labels }) => {
      const spec = specOf(Labels[labels.service] ?? "", parseGeneration(Labels[labels.generation]));
      if (spec === undefined || spec.secrets.length === 0) return [];
      const container = docker.getContainer(Id);
      return [...(await ofEnvironment(container, spec)), ...(await ofFiles(container, spec))];
    }),
  );
  return [...new Set(values.flat())];
}

async function ofEnvironment(container: Docker.Container, spec: ServiceSpec): Promise<string[]> {
  const info = await allow(container.inspect(), 404);
  return (info?.Config.Env ?? []).flatMap((entry) => {
    const at = entry.indexOf("=");
    const template = spec.environment[entry.slice(0, at)];
    const read = template === undefined ? null : readMarks(template, entry.slice(at + 1));
    return read ? [...read.values()] : [];
  });
}

async function ofFiles(container: Docker.Container, { secretFiles }: ServiceSpec): Promise<string[]> {
  if (secretFiles.length === 0) return [];
  // 404: its folder is not there, as when it was never filled.
  const archive = await allow(container.getArchive({ path: secretsPath }), 404);
  if (archive === null) return [];
  const values: string[] = [];
  const entries = extract();
  (archive as Readable).pipe(entries);
  for await (const entry of entries) values.push(await text(entry));
  return values.filter((value) => value !== "");
}
