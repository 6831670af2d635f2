import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { InputError } from "../domain/errors.ts";
import type { RandomId } from "../domain/time.ts";

/**
 * Takes the state folder for one reconciler, until disposed or the process ends. An exclusive transaction on a file of
 * its own, since Node has no flock. Throws InputError `state-locked`.
 */
export function lockState(folder: string): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const connection = new DatabaseSync(join(folder, "lock.db"), { timeout: 0 });
  try {
    connection.exec("begin exclusive");
  } catch (error) {
    connection.close();
    throw new InputError("state-locked", `${folder} is in use by another Mayfly`, { cause: error });
  }
  return { [Symbol.dispose]: () => connection.close() };
}

/** A secret or an identity that is made once and then read from `<folder>/<name>` for ever, readable by the owner only. */
export function keptSecret(folder: string, name: string, make: { length: number; randomId: RandomId }): string {
  const path = join(folder, name);
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const value = make.randomId(make.length);
    writeFileSync(path, `${value}\n`, { mode: 0o600, flag: "wx" });
    return value;
  }
}
