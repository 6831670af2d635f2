/** The outside world's time, given in `app.ts`; tests give their own. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/**
 * Waits until `awaited` settles, for `timeoutMs` at most; a timeout is no error. Leaves no timer behind, which would keep
 * a process from ending. Rejects with the signal's reason when aborted.
 */
export async function within(
  awaited: Promise<unknown>,
  { timeoutMs, signal, clock }: { timeoutMs: number; signal: AbortSignal; clock: Pick<Clock, "sleep"> },
): Promise<void> {
  const over = new AbortController();
  const time = clock.sleep(timeoutMs, AbortSignal.any([signal, over.signal])).catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  await Promise.race([awaited, time]).finally(() => over.abort());
}

/** A short random hexadecimal string of `length` characters, unguessable. */
export type RandomId = (length: number) => string;

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration as Compose and people write it: `500ms`, `1m30s`, `72h`, `7d`.
 * Answers milliseconds, or undefined when the text is no duration.
 */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|us|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|us|s|m|h|d)/g)) {
    total += Number(amount) * (unit === "us" ? 0.001 : (unitMs[unit ?? ""] ?? 0));
  }
  return total;
}

/** Tells a moment to people anywhere: `2026-11-24 12:00 UTC`. */
export function formatMoment(at: number): string {
  return `${moment.format(at)} UTC`;
}

const moment = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: "UTC" });

/** Tells a span as people tell it: `0.4 s`, `11 s`, `3 min`, `5 h`, `2 days`. */
export function formatSpan(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}
