import { type Deployment, isUnderWay, type Preview } from "../domain/preview.ts";
import { readShare } from "../domain/share.ts";
import { formatSpan } from "../domain/time.ts";
import { isKeeping, isResting, type Verb } from "../domain/verbs.ts";
import type { Reaction } from "./github-conversation.ts";
import { codeBlock } from "./markdown.ts";

/** A command that was accepted, with the generation that fulfills it when it changed a wish. */
type Accepted = { verb: Verb | "misspelled"; generation: number | null };

/** What a commenter is told now: seen at once, and how it ended when it has. */
export function commandState(
  { verb, generation }: Accepted,
  { spec, goneAt }: Pick<Preview, "spec" | "goneAt">,
  deployments: readonly Deployment[],
): { reaction: Reaction; final: boolean } {
  if (verb !== "misspelled" && (isKeeping(verb) || isResting(verb))) return { reaction: "+1", final: true };
  if (verb === "destroy") {
    const isGoing = goneAt === null && spec.reason === "destroyed";
    return isGoing ? { reaction: "eyes", final: false } : { reaction: "rocket", final: true };
  }
  const attempt = deployments.find((each) => each.generation === generation);
  // Overtaken before it began: what the person asked for is part of what came after.
  const overtaken = spec.wanted !== "running" || (generation ?? 0) < spec.generation;
  if (attempt === undefined) return { reaction: overtaken ? "+1" : "eyes", final: overtaken };
  if (isUnderWay(attempt)) return { reaction: "eyes", final: false };
  return {
    reaction: attempt.phase === "ready" ? "rocket" : attempt.phase === "failed" ? "confused" : "+1",
    final: true,
  };
}

/** The reply to `/share`; `linkUntil` makes the link that ends then (epoch milliseconds). */
export function shareText(
  { argument, receivedAt }: { argument: string | null; receivedAt: number },
  { host, isPublic, linkUntil }: { host: string; isPublic: boolean; linkUntil(until: number): string },
): string {
  const asked = readShare(argument);
  if (asked.kind !== "link")
    return "Every link, cookie and key given out so far has ended. The link in the preview's comment is a new one.";
  const link = `[${host}](${linkUntil(receivedAt + asked.forMs)})`;
  return isPublic
    ? `${link} is open to everybody: its link needs no key.`
    : `${link} lets in whoever has it, for ${formatSpan(asked.forMs)}. \`/share off\` ends it before.`;
}

/** The reply to `/logs`, with lines that are masked already. */
export function logsText(lines: readonly string[], service: string | null, pageUrl: string): string {
  if (lines.length > 0) return `${codeBlock(lines)}\nThe whole log: ${pageUrl}`;
  return service === null
    ? "Nothing runs, so there are no lines."
    : "There is no such service, or it has written nothing.";
}
