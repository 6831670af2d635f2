import { formatSpan } from "./time.ts";

/** The disk on which the engine keeps its files, as it was last measured; `reserveBytes` of it are to stay free. */
export type DiskUse = { totalBytes: number; freeBytes: number; reserveBytes: number };

/** What was removed to make room there; `isAll`: nothing more of what can be had again is left. */
export type RoomMade = { at: number; images: number; freedBytes: number; isAll: boolean };

/** How long it is told that room was made, once there is enough. */
const toldMs = 3_600_000;

/** What whoever runs the server should know of the disk, in a sentence or two; null where nothing is short. */
export function diskWords(use: DiskUse | null, made: RoomMade | null, now: number): string | null {
  if (use === null) return null;
  const done = made && `${roomWords(made)} ${formatSpan(now - made.at)} ago`;
  if (use.freeBytes >= use.reserveBytes)
    return done !== null && now - (made?.at ?? 0) < toldMs ? `Room was made on the engine's disk: ${done}.` : null;
  const short = `Little room is left on the engine's disk: ${gibibytes(use.freeBytes)} of ${gibibytes(use.totalBytes)} GiB are free, and ${gibibytes(use.reserveBytes)} are to stay so.`;
  const what = done === null ? "What nobody uses is being removed." : `For it ${done}.`;
  const next =
    made?.isAll === true ? " Nothing more is Mayfly's to remove: `docker system df` shows what takes it." : "";
  return `${short} ${what}${next}`;
}

function roomWords({ images, freedBytes }: RoomMade): string {
  if (images === 0 && freedBytes <= 0) return "nothing was found to remove";
  const counted = images === 0 ? "" : `, ${images} ${images === 1 ? "image" : "images"} among it`;
  return `${gibibytes(Math.max(0, freedBytes))} GiB were freed${counted},`;
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
