import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { EngineError } from "../../domain/errors.ts";
import type { LaidPart } from "../../domain/seed.ts";
import type { FileSpec } from "../../domain/stack.ts";
import { readOwnership } from "../../engine/directory.ts";
import { packFiles } from "../../engine/files-archive.ts";
import { putArchive } from "../../engine/put-archive.ts";
import type { SourceFiles } from "../../engine/step-host.ts";
import { openSeedFile } from "./open.ts";

/** The container that mounts the volume, never started, and where in it the volume is; `command` is what it will run. */
export type Place = { container: string; path: string; command: readonly string[] };

/**
 * Puts a folder's files, or a Redis dump, into a volume before its service starts. They belong to whom its root belongs
 * to, which the engine took from the image. Throws EngineError `seed-failed`.
 */
export async function layPart(
  docker: Docker,
  { part, source, place }: { part: LaidPart; source: SourceFiles; place: Place },
  signal: AbortSignal,
): Promise<void> {
  const { uid, gid } = await readOwnership(docker, place.container, place.path);
  const files = part.kind === "folder" ? filesIn(part.path, source) : await dumpFiles(part.path, source, place.command);
  const at = { file: part.path, line: 1, column: 1 };
  const owned = files.map((file): FileSpec => ({ uid, gid, mode: null, place: at, ...file }));
  const archive = packFiles(source, owned) as unknown as Readable;
  await putArchive(docker.getContainer(place.container), archive, { path: place.path, signal });
}

type Put = Pick<FileSpec, "path" | "from">;

/** What lies in it, beside one another; the folder itself is the volume. */
function filesIn(folder: string, source: SourceFiles): Put[] {
  const names = readdirSync(join(source.root, folder)).toSorted();
  return names.map((name) => ({
    path: name,
    from: { kind: "repository", path: folder === "." ? name : `${folder}/${name}` },
  }));
}

/**
 * Where Redis looks for what it held: in a dump, or in an append-only file, which begins with a dump (redis.io,
 * persistence: since 7.0 a folder with a manifest). Which of them it reads is a matter of its settings.
 */
async function dumpFiles(path: string, source: SourceFiles, command: readonly string[]): Promise<Put[]> {
  await using file = await openSeedFile(source, path);
  if (file.head.subarray(0, 5).toString("latin1") !== "REDIS")
    throw new EngineError("seed-failed", `${path} is no Redis dump: it does not begin with REDIS`, {
      hint: "Make one with SAVE or redis-cli --rdb.",
    });
  const option = (name: string, preset: string) => command[command.indexOf(`--${name}`) + 1 || -1] ?? preset;
  const folder = option("appenddirname", "appendonlydir");
  const base = `${option("appendfilename", "appendonly.aof")}.1.base.rdb`;
  const manifest = `${folder}/${option("appendfilename", "appendonly.aof")}.manifest`;
  const from = { kind: "repository" as const, path };
  return [
    { path: option("dbfilename", "dump.rdb"), from },
    { path: `${folder}/${base}`, from },
    { path: manifest, from: { kind: "text", text: `file ${base} seq 1 type b\n` } },
  ];
}
