import { type Asker, type AuditNote, noteOfRequest, noteOfStack, noteOfWish } from "../domain/audit.ts";
import type { Failure } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Database } from "./database.ts";
import type { createAuditStore } from "./audit.ts";
import type { createDeploymentStore } from "./deployments.ts";
import type { createPreviewStore } from "./previews.ts";
import type { createRequestStore } from "./requests.ts";

type Stores = {
  database: Database;
  previews: ReturnType<typeof createPreviewStore>;
  deployments: ReturnType<typeof createDeploymentStore>;
  requests: ReturnType<typeof createRequestStore>;
  audit: ReturnType<typeof createAuditStore>;
  now(): number;
};

/** The writes that are told in the audit, each in one transaction with what is told of it. */
export function createAuditedWrites({ database, previews, deployments, requests, audit, now }: Stores) {
  const tell = (note: AuditNote | null): void => {
    if (note !== null) audit.write(note, now());
  };
  const waiting = (commentId: number) => {
    const request = requests.get(commentId);
    return request?.state === "waiting" ? request : null;
  };
  const accept = (commentId: number, generation: number): void => {
    const request = waiting(commentId);
    requests.accept(commentId, generation);
    if (request !== null) tell(noteOfRequest(request, "done", null));
  };

  return {
    /** A wish that a comment asked for, or (without one) that Mayfly makes by itself. */
    put: (preview: Preview, commentId?: number): boolean =>
      database.transaction(() => {
        const before = commentId === undefined ? previews.get(preview.key) : null;
        if (!previews.put(preview)) return false;
        if (commentId === undefined) tell(noteOfWish(before, preview));
        else accept(commentId, preview.spec.generation);
        return true;
      }),

    /** A wish that somebody asked for through the API or the dashboard. */
    putFor: (preview: Preview, action: string, asker: Asker): boolean =>
      database.transaction(() => {
        if (!previews.put(preview)) return false;
        tell({ ...asker, action, preview: preview.key, outcome: "done", detail: null });
        return true;
      }),

    /** What runs with more than any preview may is told, once for each attempt. */
    prepared: (preview: string, stack: StackSpec, findings: Failure["findings"]): void =>
      database.transaction(() => {
        const before = deployments.of(preview).find(({ generation }) => generation === stack.generation);
        deployments.prepared(preview, stack, findings);
        if (before?.stack == null) tell(noteOfStack(preview, stack));
      }),

    accept: (commentId: number, generation: number): void => database.transaction(() => accept(commentId, generation)),

    answer: (commentId: number, reaction: "+1" | "-1" | "confused", text: string): void =>
      database.transaction(() => {
        const request = waiting(commentId);
        requests.answer(commentId, reaction, text);
        // What is answered when all went well may be meant for one person alone; why it did not is told.
        if (request !== null) tell(noteOfRequest(request, reaction === "+1" ? "done" : "refused", text));
      }),
  };
}
