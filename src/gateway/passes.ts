import type { Clock, RandomId } from "../domain/time.ts";
import type { Keys, Verdict } from "./keys.ts";

const passMs = 60_000;
const nonceLength = 8;

/** A key for one step of a visitor who was let in elsewhere, on to `subject`'s host; the cookie there ends at `cookieUntil`. */
export function signPass(
  { keys, clock, randomId }: { keys: Pick<Keys, "sign">; clock: Clock; randomId: RandomId },
  subject: readonly string[],
  { epoch, cookieUntil }: { epoch: number; cookieUntil: number },
): string {
  const note = `${randomId(nonceLength)}${Math.ceil(cookieUntil / 1000).toString(36)}`;
  return keys.sign("pass", subject, { epoch, until: clock.now() + passMs, note });
}

/** When the cookie ends that a pass is good for. */
export function cookieUntilOf({ claim }: Extract<Verdict, { kind: "valid" }>): number {
  return Number.parseInt(claim.note.slice(nonceLength), 36) * 1000;
}

/** Remembers passes for as long as they last: each is good once. */
export function createUsedPasses(clock: Clock): { take(pass: string): boolean } {
  const used = new Map<string, number>();
  return {
    /** False when it was used before. */
    take(pass) {
      const now = clock.now();
      for (const [key, until] of used) if (until <= now) used.delete(key);
      if (used.has(pass)) return false;
      used.set(pass, now + passMs);
      return true;
    },
  };
}
