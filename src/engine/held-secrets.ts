import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import { labels, parseGeneration } from "../domain/labels.ts";
import { readMarks } from "../domain/secret-mark.ts";
import type { ServiceSpec } from "../domain/service.ts";
import { secretsPath } from "./container-mounts.ts";
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
  const values: string[] = [];
  for (const { file } of secretFiles) values.push(await readSmall(container, `${secretsPath}/${file}`));
  return values.filter((value) => value !== "");
}

/** No secret of the operator's is longer (`secrets/read-secret.ts`), in UTF-8. */
const mostBytes = 4 * 64 * 1024;

/** A file's text; empty when the container has none there, or has put something else in its place. */
async function readSmall(container: Docker.Container, path: string): Promise<string> {
  const archive = (await allow(container.getArchive({ path }), 404)) as Readable | null;
  if (archive === null) return "";
  const entries = extract();
  archive.on("error", (error) => entries.destroy(error));
  archive.pipe(entries);
  try {
    for await (const entry of entries) return (entry.header.size ?? 0) > mostBytes ? "" : await text(entry);
    return "";
  } finally {
    archive.unpipe(entries);
    archive.destroy();
  }
}
