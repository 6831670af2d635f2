import { networkOf } from "../domain/failure-limit.ts";

/** Counts what is open at once for each client, and says when it is too much. */
export type Crowd = {
  /** Null when this one would be too many; else how to say, once, that it ended. */
  readonly enter: (address: string) => (() => void) | null;
};

/** Makes a count of at most so many at once for a client address; an IPv6 client is its /64 network. */
export function createCrowd(most: number): Crowd {
  const inside = new Map<string, number>();
  return {
    enter(address) {
      const place = networkOf(address);
      const count = inside.get(place) ?? 0;
      if (count >= most) return null;
      inside.set(place, count + 1);
      return () => {
        const left = (inside.get(place) ?? 1) - 1;
        if (left === 0) inside.delete(place);
        else inside.set(place, left);
      };
    },
  };
}
