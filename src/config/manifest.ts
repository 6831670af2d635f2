import { z } from "zod";
import { InputError } from "../domain/errors.ts";
import { absolutePath } from "./absolute-path.ts";
import { Checks } from "./checks.ts";
import { conform, keys, planned } from "./explain.ts";
import { port } from "./quantity.ts";
import { Ready } from "./ready.ts";
import { Seed, sourceName } from "./seed-entry.ts";
import { mapNode, placeOf, type YamlNode } from "./yaml-node.ts";
import { readYaml } from "./yaml-source.ts";

const scalar = z
  .union([z.string(), z.number(), z.boolean()], "must be a text, a number, true or false")
  .transform(String);
const name = z.string().regex(/^[a-zA-Z0-9._-]+$/, "must be a service's name");

/** A port, or a port with where it is mounted and what is asked of it. */
const RouteEntry = z
  .preprocess(
    (entry) => (typeof entry === "object" ? entry : { port: entry }),
    keys({
      port: port.describe("The port that the service listens on, in its container."),
      path: absolutePath.optional().describe("Where it is mounted on the main host as well, such as /api."),
      health: absolutePath.optional().describe("Asked until it answers below 500 before the preview is ready."),
    }),
  )
  .meta({ short: port });

/** A path of the repository, `*` within a folder and `**` across folders. Few wildcards: git tries their combinations. */
const pattern = z
  .string()
  .max(200, "must be at most 200 characters")
  .regex(
    /^(?![/:!])(?!(?:[^\0]*\/)?\.\.(?:\/|$))[^\0]+$/,
    "must be a path from the repository's root, such as db/migrations/*",
  )
  .refine((text) => (text.match(/\*+/g) ?? []).length <= 4, "must have at most 4 wildcards");

/** One pattern, or a list of them. */
const Migrations = z
  .preprocess(
    (written) => (typeof written === "string" ? [written] : written),
    z.array(pattern).min(1).max(20, "must be at most 20 patterns"),
  )
  .meta({ short: pattern });

const secretName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "must be a name of letters, digits and _, such as STRIPE_KEY");

/** What is said of one secret: who gets it, as what. */
const SecretEntry = keys({
  services: z.array(name).optional().describe("The services that get it; all of them without."),
  build: z
    .string()
    .regex(/^[A-Za-z0-9_][\w.-]{0,99}$/, "must be an id such as npm")
    .optional()
    .describe("The id by which a step of a build mounts it: RUN --mount=type=secret,id=…"),
  file: z
    .string()
    .regex(/^\/run\/secrets\/[A-Za-z0-9_][\w.-]{0,99}$/, "must be a file in /run/secrets, such as /run/secrets/stripe")
    .optional()
    .describe("The file in /run/secrets that holds it, in place of a variable."),
});

/** A list of names, or a map that also says who gets each, whether as a file, and by which id builds mount it. */
const Secrets = z
  .preprocess(
    (written) => (Array.isArray(written) ? Object.fromEntries(written.map((each) => [String(each), {}])) : written),
    z
      .record(secretName, SecretEntry.nullable())
      .refine((secrets) => Object.keys(secrets).length <= 100, "must be at most 100 names"),
  )
  .meta({ short: z.array(secretName).max(100) });

/** `.mayfly.yaml`, as far as this version honors it. Hostile: it comes from the branch. */
export const ManifestFile = keys({
  compose: z
    .union(
      [z.string().min(1), z.array(z.string().min(1)).min(1).max(10, "must be at most 10 paths")],
      "must be a path or a list of paths",
    )
    .transform((paths) => (typeof paths === "string" ? [paths] : paths))
    .optional()
    .describe("The Compose files to run, from the repository's root; later ones override earlier ones."),
  template: z.string().min(1).optional().describe("A stack that comes with Mayfly, in place of a Compose file."),
  with: z.record(z.string(), scalar).optional().describe("The template's parameters."),
  routes: z
    .record(name, RouteEntry)
    .optional()
    .describe("What is shown: a service and its port. The first one has the preview's own address."),
  data: z
    .record(
      name,
      keys({
        volume: z.string().min(1).optional().describe("The named volume that holds the data, where there are several."),
        seed: Seed.optional().describe("What it is filled with once, in this order: files, folders, programs."),
        migrations: Migrations.optional().describe(
          "The migrations that the service's data has seen, such as db/migrations/*: an edited or removed one needs new data.",
        ),
        changed: z
          .enum(["wait", "reset", "keep"], "must be wait, reset or keep")
          .optional()
          .describe(
            "What an edited migration or another seed does to data that people wrote to: wait for /reset (default), reset at once, or keep it.",
          ),
        source: sourceName.optional().describe("A source of the server file that is loaded before the seed."),
      }),
    )
    .optional()
    .describe("Services whose data outlives pushes, and what it starts with."),
  variables: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable's name"), scalar)
    .optional()
    .describe("Values for ${…} in the Compose files, before .env."),
  ready: Ready.optional().describe("When the preview is ready: the main page answers below 500, or as said here."),
  services: z
    .record(
      name,
      z.union(
        [z.literal("drop"), z.record(z.string(), z.unknown()).nullable()],
        "must be drop, or what to change of the service, in Compose's own keys",
      ),
    )
    .optional()
    .describe("What the preview does otherwise: drop leaves a service out, Compose's own keys change it."),
  secrets: Secrets.optional().describe("Names of secrets that the operator has set for this repository."),
  checks: Checks.optional().describe("What is run against a new version before it takes over."),
  ttl: planned,
});

/** What the author says of the preview, and the node to tell places from. */
export type Manifest = z.infer<typeof ManifestFile> & { node: YamlNode };

/** The longest `ready.timeout`: a branch must not hold a place in the queue for longer. */
const longestReadyMs = 15 * 60_000;

/**
 * Reads `.mayfly.yaml`; null text is an empty manifest. Throws InputError (`unknown-key`, `invalid-value`,
 * `not-supported`, `yaml-…`) with its place.
 */
export function readManifest(file: string, text: string | null): Manifest {
  const node = readYaml(file, text ?? "", { hasResets: true }) ?? mapNode({ file, line: 1, column: 1 }, []);
  refuseResets(node);
  const manifest = conform(ManifestFile, node, "docs/manifest.md of Mayfly shows every key and its forms.");
  if (manifest.compose && manifest.template !== undefined) {
    throw new InputError("invalid-value", "compose and template exclude each other", {
      place: placeOf(node, ["template"]),
    });
  }
  if (manifest.with && manifest.template === undefined) {
    throw new InputError("invalid-value", "with gives a template's parameters, but no template is named", {
      place: placeOf(node, ["with"]),
    });
  }
  if ((manifest.ready?.timeout ?? 0) > longestReadyMs) {
    throw new InputError("invalid-value", "ready.timeout is at most 15m", {
      place: placeOf(node, ["ready", "timeout"]),
    });
  }
  return { ...manifest, ...withoutDropped(manifest), node };
}

/** Only Compose knows what to make of `!reset` and `!override`. */
function refuseResets(node: YamlNode, isTop = true): void {
  if (node.tag !== undefined) {
    const hint = "They are for Compose's keys, under `services`.";
    throw new InputError("not-supported", `the tag !${node.tag} means nothing here`, { place: node.place, hint });
  }
  if (node.kind === "list") for (const item of node.items) refuseResets(item, false);
  if (node.kind !== "map") return;
  for (const [key, entry] of node.entries) if (!isTop || key !== "services") refuseResets(entry.node, false);
}

/** What is left out of the preview is not shown either. */
function withoutDropped({ routes, services = {} }: z.infer<typeof ManifestFile>): Pick<Manifest, "routes"> {
  if (routes === undefined) return {};
  const kept = Object.entries(routes).filter(([name]) => services[name] !== "drop");
  return { routes: Object.fromEntries(kept) };
}
