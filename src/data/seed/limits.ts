import type { Logger } from "pino";
import { EngineError } from "../../domain/errors.ts";
import { type Clock, formatSpan } from "../../domain/time.ts";
import { limitBuild } from "../../engine/build-limits.ts";
import type { Disk } from "../../engine/disk.ts";

/** How long a seed may take, and the disk that it may not fill (without one, none is looked at). */
export type SeedLimits = { timeoutMs: number; disk: Disk | undefined; clock: Clock; log: Logger };

/**
 * Runs what makes the data of a service, as long as there is time and room: a few kilobytes can be unpacked to any
 * size. Throws EngineError `seed-failed`, `disk-full`.
 */
export async function withinLimits<T>(
  options: SeedLimits,
  { service, doing = "seeded", signal }: { service: string; doing?: "seeded" | "copied"; signal: AbortSignal },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using limits = limitBuild({ ...options, what: `${service} was being ${doing}` });
  try {
    return await run(AbortSignal.any([signal, limits.signal]));
  } catch (error) {
    if (!limits.signal.aborted || signal.aborted) throw error;
    if (limits.signal.reason instanceof EngineError) throw limits.signal.reason;
    throw new EngineError("seed-failed", `${service} was still being ${doing} after ${formatSpan(options.timeoutMs)}`, {
      service,
      hint: "Make the seed smaller, or raise builds.timeout in server.yaml.",
      cause: error,
    });
  }
}
