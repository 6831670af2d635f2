import { MayflyError } from "../domain/errors.ts";
import type { World } from "./world.ts";

type Moment = { preview: string; generation: number; name: string };

/** Does `work` and puts it on the preview's timeline, with how it ended. */
export async function timed<T>(
  world: Pick<World, "timeline" | "changed">,
  moment: Moment,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  world.timeline.begin(moment);
  world.changed(moment.preview);
  try {
    const result = await work();
    world.timeline.end({ ...moment, outcome: "done", detail: null });
    return result;
  } catch (error) {
    const detail = error instanceof MayflyError ? error.message : null;
    world.timeline.end({ ...moment, outcome: signal.aborted ? "aborted" : "failed", detail });
    throw error;
  }
}
