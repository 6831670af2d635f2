import { dirname, resolve } from "node:path";
import { resolveSecret, type SecretSources } from "../config/secrets.ts";
import type { SecretSource } from "../config/server-file.ts";
import { InputError, type Place } from "../domain/errors.ts";
import { runCommand } from "./run-command.ts";

/** A secret of the server file, where it stands and what it is read from. */
export type WrittenSecret = { source: SecretSource; place: Place };

const timeoutMs = 10_000;
const mostCharacters = 64 * 1024;

/**
 * The value a secret has now. `mask` hides what must not be logged of a command's complaint. Throws InputError
 * `secret-failed`, which names the secret and its place, and nothing of its value.
 */
export async function readSecret(
  name: string,
  { source, place }: WrittenSecret,
  sources: SecretSources,
  mask: (text: string) => string,
): Promise<string> {
  const failed = (why: string, cause?: unknown) =>
    new InputError("secret-failed", `the secret ${name} could not be read: ${why}`, { place, cause });
  const value =
    typeof source === "object" && "command" in source
      ? await outputOf(source.command, { place, sources, mask, failed })
      : readWritten(source, place, sources, failed);
  if (value === "") throw failed("it is empty");
  if (value.includes("\0")) throw failed("it holds a NUL character, which no variable can");
  if (value.length > mostCharacters) throw failed("it is longer than 64 KiB");
  return value;
}

type Failed = (why: string, cause?: unknown) => InputError;

function readWritten(
  source: Exclude<SecretSource, { command: string }>,
  place: Place,
  sources: SecretSources,
  failed: Failed,
): string {
  try {
    return resolveSecret(source, place, sources);
  } catch (error) {
    if (error instanceof InputError) throw failed(error.message, error);
    throw failed("its file cannot be read", error);
  }
}

type Asking = { place: Place; sources: SecretSources; mask(text: string): string; failed: Failed };

async function outputOf(command: string, { place, sources, mask, failed }: Asking): Promise<string> {
  const folder = resolve(dirname(place.file));
  const options = { folder, environment: environmentOf(sources), timeoutMs };
  const { exitCode, output, said, tookTooLong } = await runCommand(command, options).catch((error: unknown) => {
    throw failed("its command could not be started", error);
  });
  if (tookTooLong) throw failed(`its command did not end in ${timeoutMs / 1000} s`);
  if (exitCode === null) throw failed("its command was ended, for instance because it said too much");
  if (exitCode !== 0) {
    const last = mask(said.trim().slice(-2000)).split("\n").slice(-3).join(" ").slice(-300);
    // Its words are the operator's alone: a vault's client may name more than a pull request's readers should know.
    throw failed(`its command ended with exit code ${exitCode}; Mayfly's log has its last words`, new Error(last));
  }
  return output.replace(/\r?\n$/, "");
}

/** Clients such as Vault's are set up by the server's environment; our own credentials are not for them. */
function environmentOf({ environment }: SecretSources): SecretSources["environment"] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("MAYFLY_")));
}
