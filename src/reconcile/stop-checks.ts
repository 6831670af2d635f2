import type { Preview } from "../domain/preview.ts";
import { runsOf } from "./checks.ts";
import { stepContext } from "./steps.ts";
import type { World } from "./world.ts";

/**
 * Checks of attempts before this one have no result any more, and what they run in goes before anything is built: nobody
 * sees to their deadlines from here on.
 */
export async function stopOlderChecks(preview: Preview, world: World, signal: AbortSignal): Promise<void> {
  const { key, spec } = preview;
  for (const { stack } of world.attempts.of(key)) {
    if (stack === null || stack.generation >= spec.generation) continue;
    for (const { name, container } of runsOf(key, stack, world)) {
      const about = { id: `remove:${container}`, cause: "overtaken", after: [], container, service: name };
      const context = stepContext({ preview, stack }, world, signal);
      await world.engine.run({ kind: "remove", ...about, graceMs: 0 }, context).catch((error: unknown) => {
        if (signal.aborted) throw error;
        world.log.warn({ preview: key, check: name, err: error }, "an overtaken check goes on until the next plan");
      });
    }
  }
  world.checks.stop(key, { below: spec.generation });
}
