import { existsSync, readFileSync } from "node:fs";
import { loadServerConfig, loadServerPlace, type ServerConfig, type ServerPlace } from "../config/server.ts";
import { findServerFile } from "../config/server-path.ts";
import type { Terminal } from "./terminal.ts";

/** The server's configuration from the file named, or found in the usual places, and the environment. Throws InputError. */
export function readServerConfig(named: string | undefined, environment: Terminal["environment"]): ServerConfig {
  return loadServerConfig(sourceOf(findServerFile(named ?? null, existsSync), environment));
}

/** Where the server of this machine is. None of its secrets has to be there. Throws InputError. */
export function readServerPlace(environment: Terminal["environment"]): ServerPlace {
  return loadServerPlace(sourceOf(findServerFile(null, existsSync), environment));
}

function sourceOf(path: string | null, environment: Terminal["environment"]) {
  return {
    path,
    text: path === null ? null : readFileSync(path, "utf8"),
    environment,
    readFile: (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : null),
  };
}
