import { EngineError, InputError, type Place } from "../domain/errors.ts";
import type { Preview } from "../domain/preview.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { StackSpec } from "../domain/stack.ts";
import { formatSpan } from "../domain/time.ts";
import type { World } from "./world.ts";

type About = { preview: Preview; stack: StackSpec };

/**
 * Pulls the images that are missing, each once. Answers whether all are there; false while one that is named after the
 * commit is not: whatever builds it for each push may not be done yet. Throws InputError `image-unavailable` at its place.
 */
export async function pullImages(
  { preview, stack }: About,
  missing: readonly ServiceSpec[],
  world: World,
  signal: AbortSignal,
): Promise<boolean> {
  const places = new Map(
    missing.flatMap(({ image }) => (image.kind === "pull" ? [[image.reference, image.place]] : [])),
  );
  let isWhole = true;
  for (const [reference, place] of places) {
    const moment = { preview: preview.key, generation: stack.generation, name: `pull ${reference}` };
    world.timeline.begin(moment);
    world.changed(preview.key);
    try {
      await world.engine.pull(reference, stack.trust, signal);
      world.timeline.end({ ...moment, outcome: "done", detail: null });
    } catch (error) {
      const leftMs = isAwaited(reference, stack, error) ? untilDeadline({ preview, stack }, world) : null;
      if (leftMs !== null && leftMs > 0) {
        isWhole = false;
        continue;
      }
      const told = atPlace(error, place, leftMs === null ? null : world.imageWaitMs);
      const detail = told instanceof Error ? told.message : null;
      world.timeline.end({ ...moment, outcome: signal.aborted ? "aborted" : "failed", detail });
      throw told;
    }
  }
  return isWhole;
}

/** Named after the commit, and a registry answered that there is no such image. */
function isAwaited(reference: string, { commit }: StackSpec, error: unknown): boolean {
  const isMissing = error instanceof EngineError && error.code === "image-unavailable" && error.retry === "never";
  return isMissing && reference.includes(commit.slice(0, 7));
}

function untilDeadline({ preview, stack }: About, world: World): number {
  const attempt = world.attempts.of(preview.key).find(({ generation }) => generation === stack.generation);
  return (attempt?.startedAt ?? 0) + world.imageWaitMs - world.clock.now();
}

/** A registry's answer about an image is about a line of the author's file. */
function atPlace(error: unknown, place: Place | undefined, waitedMs: number | null): unknown {
  if (!(error instanceof EngineError) || error.code !== "image-unavailable") return error;
  const { code, message, hint, retry } = error;
  if (waitedMs === null) return new InputError(code, message, { hint, retry, place, cause: error });
  return new InputError(code, `${message}; nobody pushed it within ${formatSpan(waitedMs)}`, {
    hint: "Look at the job that builds it for each push; once it is there, say /redeploy.",
    place,
    cause: error,
  });
}
