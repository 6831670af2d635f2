import type Docker from "dockerode";
import type { Logger } from "pino";
import { bytesOf } from "./config/quantity.ts";
import type { ServerConfig } from "./config/server.ts";
import { type DiskUse, diskWords, type RoomMade } from "./domain/disk.ts";
import { spareImages } from "./domain/spare-images.ts";
import type { Clock } from "./domain/time.ts";
import { createDisk, type Disk, measureDisk } from "./engine/disk.ts";
import { builtImages, forgetBuilds, pulledImages, removeImage } from "./engine/spare.ts";
import { every } from "./reconcile/every.ts";
import type { Store } from "./store/store.ts";

type GovernorWorld = {
  config: Pick<ServerConfig, "disk">;
  server: string;
  docker: Docker;
  /** Whether the engine runs on this machine. */
  isLocal: boolean;
  store: Pick<Store, "images">;
  /** Frees snapshots that nobody needs; they are built again when they are asked for. */
  snapshots(): Promise<unknown>;
  /** What came of making room, and whether there is still too little. */
  tell(words: string, isShort: boolean): void;
  clock: Clock;
  log: Logger;
};

export type Governor = Disk & {
  /** As it was last measured, with how much of it is to stay free; null where it cannot be seen. */
  space(): DiskUse | null;
  /** What whoever runs the server should know of it, in words; null where nothing is short. */
  words(): string | null;
  /** Looks now and then how much is free; from then on room is made. */
  watch(): AsyncDisposable;
};

const hourMs = 3_600_000;
const lookEveryMs = 30_000;
/** Freeing goes on until this much more is free than it began with, so that it does not begin again at once. */
const beyond = 1.25;
/** Where nothing was left to free, it is tried again after this. */
const restMs = 10 * 60_000;
/** Of what was used more recently, the next preview may need it in a moment. */
const keepMs = hourMs;

/** Keeps some of the engine's disk free, by removing what can be had again: what nobody used for longest goes first. */
export function createGovernor(world: GovernorWorld): Governor {
  const { config, docker, server, store, clock, log } = world;
  let seen: ReturnType<Governor["space"]> = null;
  let freeing: Promise<void> | null = null;
  let restUntil = -Infinity;
  let made: RoomMade | null = null;

  const measure = async (): Promise<typeof seen> => {
    const disk = await measureDisk(docker, world.isLocal);
    seen = disk && { ...disk, reserveBytes: bytesOf(config.disk.reserve, disk.totalBytes) };
    return seen;
  };
  const isEnough = async (): Promise<boolean> => {
    const now = await measure();
    return now === null || now.freeBytes >= now.reserveBytes * beyond;
  };
  const freeUnusedImages = async (): Promise<void> => {
    const all = [...(await builtImages(docker, server)), ...(await pulledImages(docker, store.images.pulled()))];
    for (const { name } of spareImages(all, store.images.uses(), { now: clock.now(), keepMs })) {
      if (await isEnough()) return;
      if (!(await removeImage(docker, name))) continue;
      store.images.forgetPulled(name);
      if (made !== null) made = { ...made, images: made.images + 1 };
      log.info({ image: name }, "image removed to make room on the disk");
    }
  };
  const freeBuilds = async (unusedMs: number): Promise<void> => {
    const bytes = await forgetBuilds(docker, unusedMs);
    if (bytes > 0) log.info({ bytes, unusedMs }, "cache of builds pruned to make room on the disk");
  };
  /** What costs least to have again comes first; after each, a look whether it is enough. */
  const ways = [() => freeBuilds(72 * hourMs), freeUnusedImages, world.snapshots, () => freeBuilds(hourMs)];
  const free = async (): Promise<void> => {
    log.warn(seen ?? {}, "little room is left on the engine's disk: what nobody uses goes");
    const before = seen?.freeBytes ?? 0;
    made = { at: clock.now(), images: 0, freedBytes: 0, isAll: false };
    for (const way of ways) {
      await way();
      const isOver = await isEnough();
      made = { ...made, at: clock.now(), freedBytes: Math.max(0, (seen?.freeBytes ?? 0) - before) };
      if (isOver) break;
      if (way === ways.at(-1)) made = { ...made, isAll: true };
    }
    const words = diskWords(seen, made, clock.now());
    if (words !== null) world.tell(words, made.isAll);
    if (!made.isAll) return;
    restUntil = clock.now() + restMs;
    log.warn(seen ?? {}, "nothing more on the engine's disk is ours to remove");
  };
  const freeOnce = (): Promise<void> => (freeing ??= free().finally(() => (freeing = null)));
  const look = async (): Promise<void> => {
    const now = await measure();
    if (now !== null && now.freeBytes < now.reserveBytes && clock.now() >= restUntil) await freeOnce();
  };

  const disk = createDisk(docker, {
    isLocal: world.isLocal,
    onUnknown: (folder) =>
      log.warn({ folder }, "free room is not looked at before builds: it cannot be seen from here"),
  });
  return {
    ...disk,
    async require(what) {
      if (freeing !== null) await freeing;
      await disk.require(what);
    },
    space: () => seen,
    words: () => diskWords(seen, freeing === null ? made : null, clock.now()),
    watch: () =>
      every({
        ...world,
        everyMs: lookEveryMs,
        look: () =>
          void look().catch((error: unknown) => log.warn({ err: error }, "no room could be made on the disk")),
        failed: "looking at the disk failed",
      }),
  };
}
