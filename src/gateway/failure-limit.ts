import { isIPv6 } from "node:net";
import type { Clock } from "../domain/time.ts";

/** Counts wrong keys by where they come from, and says when it is too much. */
export type FailureLimit = {
  readonly isOver: (address: string) => boolean;
  readonly count: (address: string) => void;
  /** Until the counts begin anew. */
  readonly secondsLeft: () => number;
};

const windowMs = 60_000;
const allowed = 20;
/** More places than this within a window are not told apart any more: memory is bounded, whoever asks. */
const mostPlaces = 10_000;

/** Makes a limit of 20 wrong keys a minute and client address; an IPv6 client is its /64 network. */
export function createFailureLimit(clock: Clock): FailureLimit {
  let counts = new Map<string, number>();
  let endsAt = 0;
  const current = (): Map<string, number> => {
    if (clock.now() >= endsAt) {
      counts = new Map();
      endsAt = clock.now() + windowMs;
    }
    return counts;
  };
  return {
    isOver: (address) => (current().get(placeOf(address)) ?? 0) >= allowed,
    count(address) {
      const place = placeOf(address);
      const known = current().get(place);
      if (known !== undefined || counts.size < mostPlaces) counts.set(place, (known ?? 0) + 1);
    },
    secondsLeft: () => Math.max(1, Math.ceil((endsAt - clock.now()) / 1000)),
  };
}

/** Whoever has one IPv6 address has a whole network of them. */
function placeOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const after = tail === undefined ? [] : tail.split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  const all = [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...after];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
