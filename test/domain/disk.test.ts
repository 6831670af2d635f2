import { expect, test } from "vitest";
import { diskWords, type DiskUse, type RoomMade } from "../../src/domain/disk.ts";

const gib = 1024 ** 3;
const now = 10_000_000;
const use = (freeGib: number): DiskUse => ({ totalBytes: 40 * gib, freeBytes: freeGib * gib, reserveBytes: 4 * gib });
const made = (more: Partial<RoomMade> = {}): RoomMade => ({
  at: now - 300_000,
  images: 0,
  freedBytes: 0,
  isAll: false,
  ...more,
});
const short = "Little room is left on the engine's disk: 1.0 of 40.0 GiB are free, and 4.0 are to stay so.";

test.each<[string, DiskUse | null, RoomMade | null, string | null]>([
  ["nothing, where it cannot be seen", null, null, null],
  ["nothing, where there is enough", use(10), null, null],
  ["what is short, and that it is being seen to", use(1), null, `${short} What nobody uses is being removed.`],
  [
    "what was done, and that it was all",
    use(1),
    made({ images: 1, freedBytes: gib / 2, isAll: true }),
    `${short} For it 0.5 GiB were freed, 1 image among it, 5 min ago. Nothing more is Mayfly's to remove: \`docker system df\` shows what takes it.`,
  ],
  [
    "that there was nothing",
    use(1),
    made({ isAll: true }),
    `${short} For it nothing was found to remove 5 min ago. Nothing more is Mayfly's to remove: \`docker system df\` shows what takes it.`,
  ],
  [
    "that room was made, for a while",
    use(10),
    made({ images: 3, freedBytes: 6 * gib }),
    "Room was made on the engine's disk: 6.0 GiB were freed, 3 images among it, 5 min ago.",
  ],
  ["nothing of it an hour later", use(10), made({ at: now - 3_600_000, images: 3, freedBytes: gib }), null],
])("the operator is told %s", (_what, seen, done, words) => {
  expect(diskWords(seen, done, now)).toBe(words);
});
