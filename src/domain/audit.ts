import { allowancesOf } from "./allowance.ts";
import type { Preview } from "./preview.ts";
import type { StackSpec } from "./stack.ts";
import { type SnapshotOrigin, snapshotId } from "./snapshot.ts";
import { describeWish, type Edition } from "./source.ts";
import { type Verb, verbs } from "./verbs.ts";

/** Who did something: a person by login, a token by name, Mayfly by itself, or somebody unknown. */
export type Actor = { kind: "person" | "token" | "mayfly" | "unknown"; name: string };

/** Who asks for something, through which door, and from which address where that is known. */
export type Asker = {
  actor: Actor;
  via: "comment" | "dashboard" | "api" | "cli" | "mayfly";
  address: string | null;
};

/** One line of the audit. Nothing in it is secret, and it is never changed. */
export type AuditEntry = Asker & {
  /** Epoch milliseconds. */
  at: number;
  /** A verb, `up`, `down`, `share off`, `sign-in`, `sign-out`, `token-create`, `token-remove`, `block`, `widen`, `destroy-all`, `source-read`, `snapshot-build`, `snapshot-rm`; of what was refused also `POST /path`. */
  action: string;
  /** The preview's key; null where it is about none. */
  preview: string | null;
  outcome: "done" | "refused" | "failed";
  /** Why, or which; what people said is cut to 300 characters. */
  detail: string | null;
};

/** What is written: the time is the store's. */
export type AuditNote = Omit<AuditEntry, "at">;

/** Mayfly by itself: a push, a merge, an expiry. */
export const byItself: Asker = { actor: { kind: "mayfly", name: "mayfly" }, via: "mayfly", address: null };

/** How an asker is named in sentences. */
export function nameOfAsker({ actor }: Pick<Asker, "actor">): string {
  if (actor.kind !== "token") return actor.name;
  return actor.name === "first" ? "the operator" : `the token ${actor.name}`;
}

/** What a wish that Mayfly wrote by itself changes of what runs; null when it changes nothing of that. */
export function noteOfWish(before: Preview | null, after: Preview): AuditNote | null {
  const { wanted, generation, reason, cause } = after.spec;
  const note = (action: string, detail: string): AuditNote => ({
    ...byItself,
    action,
    preview: after.key,
    outcome: "done",
    detail: detail.slice(0, detailLimit),
  });
  if (wanted === "running") return generation === before?.spec.generation ? null : note("deploy", cause);
  if (wanted === before?.spec.wanted && reason === before.spec.reason) return null;
  return note(wanted === "absent" ? "destroy" : "block", reason);
}

/** An attempt that makes use of what the operator allows its repository beyond the rest; null for any other. */
export function noteOfStack(preview: string, stack: StackSpec): AuditNote | null {
  const used = allowancesOf(stack);
  if (used.length === 0) return null;
  const detail = `${used.join(", ")} in generation ${stack.generation}`;
  return { ...byItself, action: "widen", preview, outcome: "done", detail };
}

/** A snapshot that was loaded from sources: which, by which rules, and for whom; null for one of a branch's own files. */
export function noteOfSnapshot(
  volume: string,
  { repository, cause, wish }: SnapshotOrigin,
  editions: readonly Pick<Edition, "volume" | "source" | "image" | "rules">[],
): AuditNote | null {
  if (editions.length === 0) return null;
  const from = editions.map((edition) => `${describeWish(edition)} (${snapshotId(edition.volume)})`).join(", ");
  const detail = `${snapshotId(volume)} of ${repository}, ${wish.service.name}, ${cause}: from ${from}`;
  return {
    ...byItself,
    action: "snapshot-build",
    preview: null,
    outcome: "done",
    detail: detail.slice(0, detailLimit),
  };
}

type Said = { preview: string; verb: Verb | "misspelled"; argument: string | null; author: string };

/** A command said in a comment, and what became of it; null for what anyone may say, which changes nothing. */
export function noteOfRequest(said: Said, outcome: AuditEntry["outcome"], why: string | null): AuditNote | null {
  if (said.verb === "misspelled" || verbs[said.verb].permission === "anyone") return null;
  const detail = outcome === "done" ? said.argument : why;
  return {
    actor: { kind: "person", name: said.author },
    via: "comment",
    address: null,
    action: said.verb,
    preview: said.preview,
    outcome,
    detail: detail === null ? null : detail.slice(0, detailLimit),
  };
}

const detailLimit = 300;
