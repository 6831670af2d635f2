import { dirname, resolve } from "node:path";
import { InputError, type Place } from "../domain/errors.ts";
import type { Secret } from "./server-file.ts";

/** What secrets are read from: the environment, and files (null when there is no such file). */
export type SecretSources = {
  environment: Readonly<Record<string, string | undefined>>;
  readFile: (path: string) => string | null;
};

/**
 * The text of a secret of the server file; `{ file }` is relative to that file. A trailing newline is no part of it.
 * Throws InputError `variable-missing`, `file-missing`, `invalid-value` (empty).
 */
export function resolveSecret(secret: Secret, place: Place, sources: SecretSources): string {
  if (typeof secret === "string") return secret;
  if ("env" in secret)
    return nonEmpty(sources.environment[secret.env], `the environment variable ${secret.env}`, place);
  return nonEmpty(
    read(resolve(dirname(place.file), secret.file), secret.file, sources, place),
    `the file ${secret.file}`,
    place,
  );
}

/** A secret given as `NAME` or `NAME_FILE` in the environment, or null. Throws InputError as `resolveSecret`. */
export function environmentSecret(name: string, sources: SecretSources): string | null {
  const value = sources.environment[name];
  const file = sources.environment[`${name}_FILE`];
  if (value && file)
    throw new InputError("invalid-value", `${name} and ${name}_FILE are both set`, { hint: "Set one of them." });
  if (file) return nonEmpty(read(file, file, sources), `the file that ${name}_FILE names`);
  return value ? value : null;
}

function read(path: string, shown: string, sources: SecretSources, place?: Place): string {
  const text = sources.readFile(path);
  if (text !== null) return text.replace(/\r?\n$/, "");
  throw new InputError("file-missing", `there is no file ${shown} to read a secret from`, {
    place,
    hint: "Create it, readable by the server, or correct its path.",
  });
}

function nonEmpty(value: string | undefined, what: string, place?: Place): string {
  if (value) return value;
  const problem = value === undefined ? "is not set" : "is empty";
  throw new InputError("variable-missing", `a secret is missing: ${what} ${problem}`, {
    place,
    hint: "Set it where the server is started, or remove the key.",
  });
}
