import { Cron } from "croner";
import { z } from "zod";
import type { Schedule } from "../domain/source.ts";

const words = "must be a schedule such as 0 3 * * * (every night at three)";

/** When something is due, as cron has it: minute, hour, day, month, weekday; or `@daily` and its like. */
export const schedule = z.string(words).transform((text, context): Schedule => {
  try {
    // Never started: it only says when.
    const cron = new Cron(text, { paused: true, mode: "5-part" });
    return {
      text,
      // oxlint-disable-next-line no-restricted-globals -- a moment that was given, not the time
      next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null,
    };
  } catch {
    // Whatever it finds wrong: the form is told.
    context.addIssue(words);
    return z.NEVER;
  }
});
