import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the first start writes into the state folder and people ask for from outside; null where no server has started yet. */
export function readStateFile(folder: string, name: "server-id" | "api-token"): string | null {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}
