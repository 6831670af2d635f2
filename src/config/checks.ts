import { z } from "zod";
import { keys } from "./explain.ts";
import { duration } from "./quantity.ts";

const commandForms = "must be a command, or a list of its words";

const Check = keys({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be a name of lower-case letters, digits and -, such as smoke")
    .describe("What it is called on the pull request: mayfly/smoke."),
  service: z.string().min(1).optional().describe("The service whose image, environment and files it runs with."),
  image: z.string().min(1).optional().describe("An image to run in place of a service's."),
  files: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A folder of the repository, copied to /check, or a file, copied into it; an image's check starts there.",
    ),
  command: z
    .union([z.string().min(1).max(4000), z.array(z.string().max(4000)).min(1).max(100)], commandForms)
    .optional()
    .describe("What is run: a text by /bin/sh -c, a list as it is. Exit code 0 is success."),
  required: z
    .boolean("must be true or false")
    .optional()
    .describe("Whether the new version takes over only when it passed; true without."),
  timeout: duration.optional().describe("How long it may take, such as 5m; at most 15m."),
});

/** `checks:` of the manifest: what is run against a new version before it takes over. */
export const Checks = z.array(Check).max(10, "must be at most 10 checks");
