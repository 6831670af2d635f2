import { z } from "zod";
import { keys } from "./explain.ts";

const name = z.string().regex(/^[a-zA-Z0-9._-]+$/, "must be a service's name");

/** As the server file names one. */
export const sourceName = z.string().min(1, "must be a source's name").max(100, "must be a source's name");

/** Longer ones belong into a script of the repository. */
const longestCommand = 10_000;
const notACommand = `must be a command, or a list of its words, of ${longestCommand} characters at most`;
const mostParts = 100;

/** A path of the repository, or a program; a path alone is the short form. */
const SeedEntry = z
  .preprocess(
    (entry) => (typeof entry === "object" ? entry : { path: entry }),
    keys({
      path: z
        .string()
        .min(1, "must be a path")
        .max(1000, "must be a path of 1000 characters at most")
        .regex(/^[^\0\n\r]*$/, "must be a path on one line")
        .optional()
        .describe("A file, a folder, or a pattern such as db/seeds/*.sql."),
      run: keys({
        service: name.describe("The service whose image it is run in."),
        command: z
          .union(
            [
              z.string().min(1, notACommand).max(longestCommand, notACommand),
              z.array(z.string().max(longestCommand)).min(1, notACommand).max(100, notACommand),
            ],
            notACommand,
          )
          .transform((said) => (typeof said === "string" ? ["sh", "-c", said] : said))
          .describe("A line for sh, or a list of words."),
      })
        .optional()
        .describe("A program of the stack's own that fills the database."),
      source: sourceName.optional().describe("A source of the server file; it comes first."),
    }).refine(
      (entry) => [entry.path, entry.run, entry.source].filter((each) => each !== undefined).length === 1,
      "must be a path, a run or a source",
    ),
  )
  .meta({ short: z.string().min(1).max(1000) });

/** What a service's data starts with, as a manifest says it: in this order. */
export const Seed = z.array(SeedEntry).max(mostParts, `must be at most ${mostParts} entries`);

export type SeedEntry = z.infer<typeof SeedEntry>;
