import type { Logger } from "pino";
import type { Preview } from "../domain/preview.ts";
import type { Clock } from "../domain/time.ts";
import { every } from "./every.ts";

export type ExpiryWorld = {
  live(): Preview[];
  isExpired(preview: Preview): boolean;
  isNearItsEnd(preview: Preview): boolean;
  /** It may be due: read it again, and decide. */
  wake(key: string): void;
  /** What people read of it is another thing now. */
  tell(key: string): void;
  clock: Clock;
  log: Pick<Logger, "error">;
  /** Between two looks. */
  everyMs: number;
};

/** The timer that no event replaces: previews whose time is over, or nearly. Passes keys on and decides nothing. */
export function createExpiry(world: ExpiryWorld): AsyncDisposable {
  /** Told since the start that their end is near; a restart tells them once more, which changes nothing. */
  let near = new Set<string>();

  const look = (): void => {
    const live = world.live();
    for (const preview of live) if (world.isExpired(preview)) world.wake(preview.key);
    const now = new Set(live.filter(world.isNearItsEnd).map(({ key }) => key));
    // Also of those that were used since, whose end is far again.
    for (const key of now.symmetricDifference(near)) world.tell(key);
    near = now;
  };

  return every({ ...world, look, failed: "looking for previews that are due failed" });
}
