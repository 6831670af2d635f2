import type { Clock } from "./time.ts";

/** Counts wrong keys by where they come from, and says when it is too much. */
export type FailureLimit = {
  isOver(address: string): boolean;
  /** Answers how many there were from there in this window, this one included. */
  count(address: string): number;
  /** Until the counts begin anew. */
  secondsLeft(): number;
};

const windowMs = 60_000;
/** More places than this within a window are not told apart any more: memory is bounded, whoever asks. */
const mostPlaces = 10_000;

/** Makes a limit of so many failures a minute and client address; an IPv6 client is its /64 network. */
export function createFailureLimit(clock: Pick<Clock, "now">, { allowed = 20 } = {}): FailureLimit {
  let counts = new Map<string, number>();
  let endsAt = 0;
  const current = (): Map<string, number> => {
    if (clock.now() < endsAt) return counts;
    endsAt = clock.now() + windowMs;
    counts = new Map();
    return counts;
  };
  const placeIn = (known: Map<string, number>, address: string): string => {
    const place = networkOf(address);
    return known.has(place) || known.size < mostPlaces ? place : "elsewhere";
  };
  return {
    isOver(address) {
      const known = current();
      return (known.get(placeIn(known, address)) ?? 0) >= allowed;
    },
    count(address) {
      const known = current();
      const place = placeIn(known, address);
      const count = (known.get(place) ?? 0) + 1;
      known.set(place, count);
      return count;
    },
    secondsLeft: () => Math.max(1, Math.ceil((endsAt - clock.now()) / 1000)),
  };
}

/** Whoever has one IPv6 address has its whole /64 (RFC 4291 section 2.5.4); an IPv4 address stands for itself. */
export function networkOf(address: string): string {
  const [plain = ""] = address.toLowerCase().split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined || !plain.includes(":")) return mapped ?? plain;
  const [head = "", tail] = plain.split("::");
  const groupsOf = (part: string) => part.split(":").filter((group) => group !== "");
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
