import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The Mayfly that holds a state folder, as it tells of itself in `holder.json`. */
export type Holder = {
  /** Its own for each process: numbers repeat between containers. */
  id: string;
  pid: number;
  host: string;
  version: string;
  /** ISO 8601. */
  since: string;
  /** `starting` until it listens; `leaving` when it was told to stop. */
  phase: "starting" | "listening" | "leaving";
};

/** Who holds the folder as far as it is told; null before anybody did. The lock alone says whether they still do. */
export function readHolder(folder: string): Holder | null {
  return readJson<Holder>(join(folder, "holder.json"));
}

/** Says who holds the folder. Whole or not at all: others read it at any time. */
export function writeHolder(folder: string, holder: Holder): void {
  writeJson(join(folder, "holder.json"), holder);
}

/** The id of the Mayfly that asks to take the folder over; null when nobody asks. */
export function readSuccessor(folder: string): string | null {
  return readJson<{ id: string }>(join(folder, "successor.json"))?.id ?? null;
}

/** Asks the holder to hand over to `id`. */
export function askToSucceed(folder: string, id: string): void {
  writeJson(join(folder, "successor.json"), { id });
}

/** Nobody asks any more. */
export function forgetSuccessor(folder: string): void {
  rmSync(join(folder, "successor.json"), { force: true });
}

/** `another Mayfly (process 123 on host, 0.1.0, since 2026-11-21T13:00:00.000Z)`. */
export function describeHolder(folder: string): string {
  const holder = readHolder(folder);
  if (holder === null) return "another Mayfly";
  const { pid, host, version, since, phase } = holder;
  return `another Mayfly (process ${pid} on ${host}, version ${version}, since ${since}${phase === "leaving" ? ", which is stopping" : ""})`;
}

function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    // Not there, or of a process that was killed while it made the folder: the lock alone counts.
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
