import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../domain/errors.ts";
import type { RandomId } from "../domain/time.ts";
import { describeHolder } from "./holder.ts";

/** Who holds it is the one process that reconciles. */
export const reconcilerLock = "lock.db";

/**
 * Takes the state folder for one reconciler, until disposed or the process ends. Throws InputError `state-locked`,
 * which says who holds it.
 */
export function lockState(folder: string): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = tryLock(folder, reconcilerLock);
  if (lock !== null) return lock;
  throw new InputError("state-locked", `${folder} is in use by ${describeHolder(folder)}`);
}

/** Whether a server reconciles with this state folder now; a folder that no server ever took stays as it is. */
export function isLocked(folder: string): boolean {
  if (!existsSync(join(folder, reconcilerLock))) return false;
  using lock = tryLock(folder, reconcilerLock);
  return lock === null;
}

/**
 * A lock that ends with the process that holds it, or null while another one does. An exclusive transaction on a file
 * of its own, since Node has no flock.
 */
export function tryLock(folder: string, name: string): Disposable | null {
  const connection = new DatabaseSync(join(folder, name), { timeout: 0 });
  try {
    connection.exec("begin exclusive");
  } catch (error) {
    connection.close();
    if ((error as { errcode?: number }).errcode === busy) return null;
    throw error;
  }
  let isHeld = true;
  return {
    [Symbol.dispose]: () => {
      if (isHeld) connection.close();
      isHeld = false;
    },
  };
}

/** SQLITE_BUSY (sqlite.org/rescode.html). */
const busy = 5;

/**
 * A secret or an identity that is made once and then read from `<folder>/<name>` for ever, readable by the owner only.
 * Called by who holds the folder.
 */
export function keptSecret(folder: string, name: string, make: { length: number; randomId: RandomId }): string {
  const path = join(folder, name);
  const kept = readIfThere(path).trim();
  // Empty: the machine stopped before it was on the disk. Nothing may be named or signed with it.
  if (kept !== "") return kept;
  const value = make.randomId(make.length);
  // On the disk before anything carries it, and whole or not at all.
  writeFileSync(`${path}.new`, `${value}\n`, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return value;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
