import type { RestLevel } from "./rest.ts";

/** A preview that is up, as the machine carries it. */
export type Tenant = {
  key: string;
  repositoryId: number;
  level: RestLevel;
  /** Memory that its processes use now. */
  usedBytes: number;
  /** When it was last used, and since when it is awake (epoch milliseconds). */
  usedAt: number;
  awakeSince: number;
  /** Pinned, in use, on its way up, or being deployed: never put to sleep for others. */
  isHeld: boolean;
  /** It stands in the line for memory itself, behind who is to start next. */
  waits?: boolean;
  /** Pinned: however long others wait. */
  stays?: boolean;
};

/** Memory of the machine that the engine runs on; `reserveBytes` of it stay free. */
export type Memory = { totalBytes: number; availableBytes: number; reserveBytes: number };

/** What there is too little of. */
export type Shortage = {
  /** Null where it cannot be measured. */
  memory: Memory | null;
  /** For who is to start next; 0 where nobody waits for memory. */
  needBytes: number;
  /** Promised to those that were let start and do not use it yet. */
  promisedBytes: number;
  /** Previews that must stop so that those who wait for a place get one: of all, and of each repository. */
  places: number;
  placesOf: ReadonlyMap<number, number>;
};

/** What is awake stays so for a while, or two would take turns at waking and stopping each other. */
export type Calm = {
  /** Since it woke. */
  leastAwakeMs: number;
  /** Since it was used. */
  leastUnusedMs: number;
};

export type PutToRest = { key: string; level: Exclude<RestLevel, "awake"> };

/** Whether who is to start next leaves enough free. */
export function isAmple({ memory, needBytes, promisedBytes }: Shortage): boolean {
  return memory === null || memory.availableBytes - promisedBytes - needBytes >= memory.reserveBytes;
}

/**
 * Whether who is to start next may. Alone it always may: there is nothing to wait for. So it may where all that use
 * memory stand in line behind it: none of them sleeps or ends before it goes on.
 */
export function mayStart(shortage: Shortage, others: readonly Tenant[]): boolean {
  const isNobodyLeft = others.every(({ usedBytes, waits }) => usedBytes === 0 || waits === true);
  return isAmple(shortage) || (shortage.promisedBytes === 0 && isNobodyLeft);
}

/**
 * What who is to start can have at most, if all slept that ever do; null where it has a chance. Only what stays takes
 * that from it: whoever is used now is not for ever.
 */
export function leftAtMost({ memory, needBytes }: Shortage, others: readonly Tenant[]): number | null {
  const stay = others.filter(({ stays, usedBytes }) => stays === true && usedBytes > 0);
  if (memory === null || stay.length === 0) return null;
  const sleeping = others.reduce((sum, { stays, usedBytes }) => (stays === true ? sum : sum + usedBytes), 0);
  const most = memory.availableBytes + sleeping - memory.reserveBytes;
  return most < needBytes ? Math.max(0, most) : null;
}

/** Whether nobody has to sleep for others. */
export function isCalm(shortage: Shortage): boolean {
  const isPlaceFree = shortage.places === 0 && shortage.placesOf.size === 0;
  return isPlaceFree && isAmple(shortage) && !isScarce(shortage);
}

/**
 * Who is put to sleep to make room, the least recently used first. Being frozen frees nothing: it comes first, where
 * memory is getting scarce, so that nothing grows that nobody uses; then the frozen ones are stopped, then others.
 */
export function whoRests(
  tenants: readonly Tenant[],
  shortage: Shortage,
  { now, leastAwakeMs, leastUnusedMs }: Calm & { now: number },
): PutToRest[] {
  const mayRest = tenants.filter(
    ({ level, isHeld, usedAt, awakeSince }) =>
      !isHeld &&
      (level === "frozen" || (level === "awake" && now - awakeSince >= leastAwakeMs && now - usedAt >= leastUnusedMs)),
  );
  const inOrder = mayRest.toSorted((a, b) => rank(a) - rank(b) || a.usedAt - b.usedAt || (a.key < b.key ? -1 : 1));
  const stopped = whoStops(inOrder, tenants, shortage);
  const frozen = inOrder.filter(({ level, key }) => isScarce(shortage) && level === "awake" && !stopped.has(key));
  return [
    ...[...stopped].map((key): PutToRest => ({ key, level: "stopped" })),
    ...frozen.map(({ key }): PutToRest => ({ key, level: "frozen" })),
  ];
}

function whoStops(inOrder: readonly Tenant[], all: readonly Tenant[], shortage: Shortage): Set<string> {
  const { memory, needBytes, promisedBytes } = shortage;
  // What is being stopped frees its memory in a moment.
  const leaving = all.reduce((sum, { level, usedBytes }) => (level === "stopped" ? sum + usedBytes : sum), 0);
  let missing = memory === null ? 0 : memory.reserveBytes + needBytes + promisedBytes - memory.availableBytes - leaving;
  let { places } = shortage;
  const placesOf = new Map(shortage.placesOf);
  const stopped = new Set<string>();
  for (const { key, repositoryId, usedBytes } of inOrder) {
    const own = placesOf.get(repositoryId) ?? 0;
    if (!(missing > 0 && usedBytes > 0) && places <= 0 && own <= 0) continue;
    stopped.add(key);
    missing -= usedBytes;
    places -= 1;
    placesOf.set(repositoryId, own - 1);
  }
  return stopped;
}

function isScarce({ memory, promisedBytes }: Shortage): boolean {
  return memory !== null && memory.availableBytes - promisedBytes < 2 * memory.reserveBytes;
}

function rank({ level }: Tenant): number {
  return level === "frozen" ? 0 : 1;
}

/** What a preview will use that is to start: what it used before, else what others do. */
export function needOf(key: string, usedBefore: ReadonlyMap<string, number>): number {
  const own = usedBefore.get(key);
  if (own !== undefined) return own;
  const others = [...usedBefore.values()].toSorted((a, b) => a - b);
  return others[Math.floor(others.length / 2)] ?? unknownBytes;
}

/** A page and its database. */
const unknownBytes = 256 * 1024 ** 2;
