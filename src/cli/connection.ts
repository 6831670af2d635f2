import { readStateFile } from "../config/state-folder.ts";
import { InputError, MayflyError } from "../domain/errors.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { type Input, textOf } from "./command.ts";
import { ownServerToken } from "./own-server.ts";
import { readServerConfig } from "./server-config.ts";
import type { Terminal } from "./terminal.ts";

/** A client of the server that `--server`, MAYFLY_SERVER or the default names. Throws InputError `usage` when that is no URL. */
export function connect(input: Input, { environment }: Terminal): ApiClient {
  const server = textOf(input, "server") ?? environment["MAYFLY_SERVER"] ?? "http://127.0.0.1:8080";
  if (!/^https?:/.test(server) || !URL.canParse(server)) {
    throw new InputError("usage", `"${server}" is no server`, {
      hint: "Name it as in --server http://127.0.0.1:8080.",
    });
  }
  const token =
    environment["MAYFLY_API_TOKEN"] ||
    (isHere(server) ? (tokenHere(environment) ?? ownServerToken(environment)) : null);
  return createApiClient({ server: server.replace(/\/+$/, ""), token });
}

/** The state folder's token goes to a server on this machine only. */
function isHere(server: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(server).hostname);
}

function tokenHere(environment: Terminal["environment"]): string | null {
  try {
    const config = readServerConfig(undefined, environment);
    return config.apiToken ?? readStateFile(config.state, "api-token");
  } catch (error) {
    // Somebody who may not read the server's files asks without a token, and the server says what is missing.
    if (error instanceof MayflyError || isForbidden(error)) return null;
    throw error;
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EACCES";
}
