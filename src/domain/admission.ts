/** Where a preview that is not gone stands between being wanted and being up. */
export type Standing = {
  key: string;
  repositoryId: number;
  /** Something should run. */
  wanted: boolean;
  /** Since when, without a break (epoch milliseconds); where its only attempt failed, since that. */
  wantedSince: number;
  /** Its newest attempt failed and nothing of it serves: it needs no place until something new is wished. */
  rests: boolean;
  /** When it was last given a place. */
  admittedAt: number | null;
  /** What serves of it is stopped: it keeps its place, and takes none of what there is. */
  stopped: boolean;
};

/** Who is there, when each repository was last given a place, and how many places there are. */
export type House = {
  live: readonly Standing[];
  lastAdmitted: ReadonlyMap<number, number>;
  max: number;
  maxOf(repositoryId: number): number;
};

/** A preview's turn: its place among those that wait for the same, and how full that is; of memory there is no count. */
export type Turn =
  | { place: number; of: number; up: number; max: number; limit: "server" | "repository" }
  | { place: number; of: number; up: number; max: null; limit: "memory" };

/**
 * True from the moment a place is given until nothing of the preview is left, whatever is pushed meanwhile. What failed
 * before anything of it served gives its place back, and asks for one again with the next wish.
 */
export function holdsPlace({
  admittedAt,
  wantedSince,
  rests,
}: Pick<Standing, "admittedAt" | "wantedSince" | "rests">): boolean {
  return !rests && admittedAt !== null && admittedAt >= wantedSince;
}

/** Takes one of the places that there are. */
function isUp(each: Standing): boolean {
  return holdsPlace(each) && !each.stopped;
}

function isWaiting(each: Standing): boolean {
  return each.wanted && !each.rests && !holdsPlace(each);
}

/** Who may start now, in order: repositories take turns, and within one the oldest wish comes first. */
export function whoMayStart(house: House): string[] {
  const up = countUp(house.live);
  const admitted: string[] = [];
  const all = house.live.filter(isUp).length;
  const hasRoom = (id: number) => all + admitted.length < house.max && (up.get(id) ?? 0) < house.maxOf(id);
  for (const { key, repositoryId } of inTurn(house, hasRoom)) {
    admitted.push(key);
    up.set(repositoryId, (up.get(repositoryId) ?? 0) + 1);
  }
  return admitted;
}

/** The turn of a preview for which there is no place; null for any other. */
export function turnOf(key: string, house: House): Turn | null {
  const own = house.live.find((each) => each.key === key);
  if (own === undefined || !isWaiting(own) || whoMayStart(house).includes(key)) return null;
  const up = countUp(house.live);
  const isFull = (id: number) => (up.get(id) ?? 0) >= house.maxOf(id);
  const isOwnFull = isFull(own.repositoryId);
  const line = [...inTurn(house, (id) => (isOwnFull ? id === own.repositoryId : !isFull(id)))];
  const place = line.findIndex((each) => each.key === key) + 1;
  return isOwnFull
    ? {
        place,
        of: line.length,
        up: up.get(own.repositoryId) ?? 0,
        max: house.maxOf(own.repositoryId),
        limit: "repository",
      }
    : { place, of: line.length, up: house.live.filter(isUp).length, max: house.max, limit: "server" };
}

/** Everybody who waits, in the order in which they would start if places went on coming. */
export function whoWaits(house: House): string[] {
  return [...inTurn(house, () => true)].map(({ key }) => key);
}

/** How many previews have to stop so that everybody who waits gets a place: of all, and of each repository. */
export function whoIsCrowded(house: House): { places: number; placesOf: Map<number, number> } {
  const waiting = Map.groupBy(house.live.filter(isWaiting), ({ repositoryId }) => repositoryId);
  const up = countUp(house.live);
  const placesOf = new Map<number, number>();
  let wanted = house.live.filter(isUp).length;
  for (const [id, { length }] of waiting) {
    const over = (up.get(id) ?? 0) + length - house.maxOf(id);
    if (over > 0) placesOf.set(id, over);
    wanted += length - Math.max(0, over);
  }
  return { places: Math.max(0, wanted - house.max), placesOf };
}

/** `2nd of 3`. */
export function turnPlace({ place, of }: Turn): string {
  return `${ordinal(place)} of ${of}`;
}

/** `2nd in the queue of 3; 20 of 20 previews are up`. */
export function turnWords({ place, of, up, max, limit }: Turn): string {
  if (limit === "memory")
    return `${ordinal(place)} in the queue of ${of}; the memory of this machine is in use by the ${up} previews that are awake`;
  const previews = limit === "repository" ? "previews of this repository" : "previews";
  return `${ordinal(place)} in the queue of ${of}; ${up} of ${max} ${previews} are up`;
}

/** Repositories with room, the one that was served longest ago first; asked anew before each turn. */
function* inTurn({ live, lastAdmitted }: House, hasRoom: (repositoryId: number) => boolean): Generator<Standing> {
  const lines = Map.groupBy(live.filter(isWaiting).toSorted(byAge), ({ repositoryId }) => repositoryId);
  const served = new Map(lastAdmitted);
  let latest = Math.max(0, ...served.values());
  for (;;) {
    const heads = [...lines].flatMap(([id, [first]]) => (first !== undefined && hasRoom(id) ? [first] : []));
    const [next] = heads.toSorted(
      (a, b) => (served.get(a.repositoryId) ?? 0) - (served.get(b.repositoryId) ?? 0) || byAge(a, b),
    );
    if (next === undefined) return;
    lines.get(next.repositoryId)?.shift();
    served.set(next.repositoryId, ++latest);
    yield next;
  }
}

function byAge(a: Standing, b: Standing): number {
  return a.wantedSince - b.wantedSince || a.key.localeCompare(b.key, "en", { numeric: true });
}

function countUp(live: readonly Standing[]): Map<number, number> {
  const up = new Map<number, number>();
  for (const { repositoryId } of live.filter(isUp)) up.set(repositoryId, (up.get(repositoryId) ?? 0) + 1);
  return up;
}

function ordinal(place: number): string {
  const teen = place % 100 >= 11 && place % 100 <= 13;
  const ending = teen ? "th" : (["th", "st", "nd", "rd"][place % 10] ?? "th");
  return `${place}${ending}`;
}
