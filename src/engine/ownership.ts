import { EngineError } from "../domain/errors.ts";
import { labels } from "../domain/labels.ts";

/** Throws EngineError `engine-refused` for a thing on the engine that this server did not make: it is never touched. */
export function refuseForeign(found: Record<string, string> | undefined, server: string, what: string): void {
  if (found?.[labels.server] === server) return;
  throw new EngineError("engine-refused", `${what} is there already, and is not ours`, {
    hint: "Rename or remove it; Mayfly touches only what carries its own label.",
  });
}

/** Filters the engine's lists to what this server (or one preview of it) owns. */
export function ownedBy(server: string, preview?: string): { label: string[] } {
  return {
    label: [`${labels.server}=${server}`, ...(preview === undefined ? [] : [`${labels.preview}=${preview}`])],
  };
}
