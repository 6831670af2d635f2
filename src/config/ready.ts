import { z } from "zod";
import type { StatusRange } from "../domain/page-wish.ts";
import { absolutePath } from "./absolute-path.ts";
import { keys } from "./explain.ts";
import { duration } from "./quantity.ts";

const statusForms = "must be a status such as 200, a class such as 2xx, or a list of them";
const status = z.union(
  [z.int().min(200, statusForms).max(599, statusForms), z.string().regex(/^[2-5]xx$/i, statusForms)],
  statusForms,
);

/** One status or class, or several, as ranges. */
const Status = z
  .union([status, z.array(status).min(1, statusForms).max(20, "must be at most 20 statuses")], statusForms)
  .transform((said): StatusRange[] => (Array.isArray(said) ? said : [said]).map(rangeOf));

/** `ready:` of the manifest: what the main page has to answer, and within which time. */
export const Ready = keys({
  path: absolutePath.optional().describe("The page to ask on the main route, in place of /."),
  status: Status.optional().describe("What it answers: 200, 2xx, or a list of them; any below 500 without."),
  body: z
    .string("must be a text")
    .min(1, "must be a text")
    .max(500, "must be at most 500 characters")
    .optional()
    .describe("A text that stands in the answer's first 64 KiB, as it is written here."),
  timeout: duration.optional().describe("How long all of it may take, such as 3m; at most 15m."),
});

function rangeOf(said: number | string): StatusRange {
  if (typeof said === "number") return { from: said, to: said };
  const hundred = Number(said[0]) * 100;
  return { from: hundred, to: hundred + 99 };
}
