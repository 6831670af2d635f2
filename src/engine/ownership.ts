import { EngineError } from "../domain/errors.ts";
import { labels, type Owner } from "../domain/labels.ts";
import type { StepHost, StepScope } from "./step-host.ts";

/** Throws EngineError `engine-refused` for a thing on the engine that was not made for this preview: it is never touched. */
export function refuseForeign(found: Record<string, string> | undefined, owner: Owner, what: string): void {
  if (found?.[labels.server] === owner.server && found[labels.preview] === owner.preview) return;
  throw new EngineError("engine-refused", `${what} is there already, and is not ours`, {
    hint: "Rename or remove it; Mayfly touches only what carries its own label.",
  });
}

/** Whom a step's things belong to. */
export function ownerOf(host: Pick<StepHost, "server">, scope: Pick<StepScope, "preview">): Owner {
  return { server: host.server, preview: scope.preview.key };
}

/** Filters the engine's lists to what this server (or one preview of it) owns. */
export function ownedBy(server: string, preview?: string): { label: string[] } {
  return {
    label: [`${labels.server}=${server}`, ...(preview === undefined ? [] : [`${labels.preview}=${preview}`])],
  };
}
