import { existsSync, readFileSync } from "node:fs";
import { loadServerConfig, type ServerConfig } from "../config/server.ts";
import { findServerFile } from "../config/server-path.ts";
import type { Terminal } from "./terminal.ts";

/** The server's configuration from the file named, or found in the usual places, and the environment. Throws InputError. */
export function readServerConfig(named: string | undefined, environment: Terminal["environment"]): ServerConfig {
  const path = findServerFile(named ?? null, existsSync);
  const text = path === null ? null : readFileSync(path, "utf8");
  return loadServerConfig({
    path,
    text,
    environment,
    readFile: (file) => (existsSync(file) ? readFileSync(file, "utf8") : null),
  });
}
