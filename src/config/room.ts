import type { Share } from "./quantity.ts";
import type { ServerFile } from "./server-file.ts";

export type RoomConfig = {
  /** Of the machine's memory, `reserve` stays free; who woke stays awake for `awakeMs` at least. */
  memory: { reserve: Share; awakeMs: number };
  /** Of the engine's disk, `reserve` stays free as long as there is something that can be had again. */
  disk: { reserve: Share };
};

/** How much of the engine's machine is to stay free. */
export function readRoom({ memory, disk }: Pick<ServerFile, "memory" | "disk">): RoomConfig {
  return {
    memory: { reserve: memory?.reserve ?? { percent: 10 }, awakeMs: memory?.awake ?? 5 * 60_000 },
    disk: { reserve: disk?.reserve ?? { percent: 10 } },
  };
}
