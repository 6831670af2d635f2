import type { ServerPlace } from "../config/server.ts";
import { readStateFile } from "../config/state-folder.ts";
import { InputError, MayflyError } from "../domain/errors.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { type Input, textOf } from "./command.ts";
import { ownServerToken, ownServerUrl } from "./own-server.ts";
import { readServerPlace } from "./server-config.ts";
import type { Terminal } from "./terminal.ts";

/**
 * A client of the server that `--server` or MAYFLY_SERVER names, else of the one whose server file is here, else of the
 * one on the usual port. Throws InputError `usage` when what is named is no URL.
 */
export function connect(input: Input, { environment }: Terminal): ApiClient {
  const here = placeHere(environment);
  const named = textOf(input, "server") ?? environment["MAYFLY_SERVER"];
  const server = named ?? (here === null ? ownServerUrl : addressOf(here));
  if (!/^https?:/.test(server) || !URL.canParse(server)) {
    throw new InputError("usage", `"${server}" is no server`, {
      hint: "Name it as in --server http://127.0.0.1:8080.",
    });
  }
  const token =
    environment["MAYFLY_API_TOKEN"] ||
    (isHere(server) ? ((here && tokenOf(here)) ?? ownServerToken(environment)) : null);
  return createApiClient({ server: server.replace(/\/+$/, ""), token });
}

/** The state folder's token goes to a server on this machine only. */
function isHere(server: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(server).hostname);
}

/** Null for somebody who may not read the server file: the server says what is missing. */
function placeHere(environment: Terminal["environment"]): ServerPlace | null {
  try {
    return readServerPlace(environment);
  } catch (error) {
    if (error instanceof MayflyError || isForbidden(error)) return null;
    throw error;
  }
}

function addressOf({ listen: { host, port } }: ServerPlace): string {
  if (host === "0.0.0.0" || host === "::") return `http://127.0.0.1:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function tokenOf(place: ServerPlace): string | null {
  try {
    return place.apiToken ?? readStateFile(place.state, "api-token");
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EACCES";
}
