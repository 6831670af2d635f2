import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { Source } from "../domain/source.ts";
import { specHash } from "../domain/spec-hash.ts";
import type { Place } from "../domain/errors.ts";
import { keys } from "./explain.ts";
import { describeMask, Mask, readMask } from "./mask.ts";
import { duration, size } from "./quantity.ts";
import type { Path } from "./yaml-node.ts";
import { schedule } from "./schedule.ts";

const text = z.string().min(1, "must not be empty");

/** One source as the operator writes it. */
const SourceEntry = keys({
  command: text.optional(),
  file: text.optional(),
  image: text.optional(),
  sensitive: z.boolean().optional(),
  mask: Mask.optional(),
  refresh: schedule.optional(),
  repositories: z
    .array(z.string().regex(/^[\w.-]+\/([\w.-]+|\*)$/, "must be OWNER/NAME or OWNER/*"))
    .min(1, "must not be empty")
    .optional(),
  forks: z.enum(["allow", "never"], "must be allow or never").optional(),
  timeout: duration.optional(),
  max_size: size.optional(),
}).superRefine(({ command, file, sensitive, mask }, context) => {
  const add = (message: string) => context.addIssue({ code: "custom", message });
  if ((command === undefined) === (file === undefined)) add("must have either a command or a file");
  else if (sensitive === true && mask === undefined) add("is sensitive, and says in no mask what is to be hidden");
});

/** `sources:` of the server file, by name. */
export const Sources = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, "must be a name of small letters, digits, - and _, such as nightly"),
  SourceEntry,
);

/** With defaults filled in; a file is found beside the server file. `placeAt` finds what stands at a path below `sources`. */
export function readSources(
  written: z.infer<typeof Sources>,
  serverFile: string,
  placeAt: (path: Path) => Place,
): Source[] {
  const maskOf = (name: string, mask: Mask): Source["mask"] => {
    const rules = readMask(mask, (path) => placeAt([name, "mask", ...path]));
    return { rules, hash: specHash(describeMask(rules)).slice(0, 16) };
  };
  return Object.entries(written).map(([name, entry]) => ({
    name,
    from:
      entry.command === undefined
        ? { kind: "file", path: resolve(dirname(serverFile), entry.file ?? "") }
        : { kind: "command", command: entry.command },
    image: entry.image ?? null,
    sensitive: entry.sensitive ?? false,
    mask: entry.mask === undefined ? null : maskOf(name, entry.mask),
    refresh: entry.refresh ?? null,
    repositories: entry.repositories?.map((each) => each.toLowerCase()) ?? null,
    forks: entry.forks === "allow",
    timeoutMs: entry.timeout ?? 2 * 3_600_000,
    mostBytes: entry.max_size ?? 100 * 1024 ** 3,
  }));
}
