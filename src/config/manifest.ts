import { z } from "zod";
import { InputError } from "../domain/errors.ts";
import { addPlanned, conform, keys, planned } from "./explain.ts";
import { duration, port } from "./quantity.ts";
import { mapNode, placeOf, type YamlNode } from "./yaml-node.ts";
import { readYaml } from "./yaml-source.ts";

const absolutePath = z.string().regex(/^\/[^\s?#]*$/, "must be a path such as /healthz");
const scalar = z
  .union([z.string(), z.number(), z.boolean()], "must be a text, a number, true or false")
  .transform(String);
const name = z.string().regex(/^[a-zA-Z0-9._-]+$/, "must be a service's name");

/** A port, or a port with where it is mounted and what is asked of it. */
const RouteEntry = z.preprocess(
  (entry) => (typeof entry === "object" ? entry : { port: entry }),
  keys({ port, path: absolutePath.optional(), health: absolutePath.optional() }),
);

/** The path of one `.sql` file; programs, globs and dumps are known, but not honored yet. */
const seedFile = z.unknown().transform((value, context): string => {
  if (typeof value === "string" && /^[^*?]+\.sql$/.test(value)) return value;
  addPlanned(context);
  return z.NEVER;
});

const secretName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "must be a name of letters, digits and _, such as STRIPE_KEY");

/** A list of names, or a map that also says who gets each, whether as a file, and by which id builds mount it. */
const Secrets = z.preprocess(
  (written) => (Array.isArray(written) ? Object.fromEntries(written.map((each) => [String(each), {}])) : written),
  z
    .record(
      secretName,
      keys({
        services: z.array(name).optional(),
        build: z
          .string()
          .regex(/^[A-Za-z0-9_][\w.-]{0,99}$/, "must be an id such as npm")
          .optional(),
        file: z
          .string()
          .regex(
            /^\/run\/secrets\/[A-Za-z0-9_][\w.-]{0,99}$/,
            "must be a file in /run/secrets, such as /run/secrets/stripe",
          )
          .optional(),
      }).nullable(),
    )
    .refine((secrets) => Object.keys(secrets).length <= 100, "must be at most 100 names"),
);

/** `.mayfly.yaml`, as far as this version honors it. Hostile: it comes from the branch. */
const ManifestFile = keys({
  compose: z
    .union(
      [z.string().min(1), z.array(z.string().min(1)).min(1).max(10, "must be at most 10 paths")],
      "must be a path or a list of paths",
    )
    .transform((paths) => (typeof paths === "string" ? [paths] : paths))
    .optional(),
  template: z.string().min(1).optional(),
  with: z.record(z.string(), scalar).optional(),
  routes: z.record(name, RouteEntry).optional(),
  data: z
    .record(
      name,
      keys({
        volume: z.string().min(1).optional(),
        seed: z.array(seedFile).optional(),
        migrations: planned,
        source: planned,
      }),
    )
    .optional(),
  variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable's name"), scalar).optional(),
  ready: keys({
    path: absolutePath.optional(),
    timeout: duration.optional(),
    status: planned,
    body: planned,
  }).optional(),
  services: z
    .record(
      name,
      z.union(
        [z.literal("drop"), z.record(z.string(), z.unknown()).nullable()],
        "must be drop, or what to change of the service, in Compose's own keys",
      ),
    )
    .optional(),
  secrets: Secrets.optional(),
  checks: planned,
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
  const node = readYaml(file, text ?? "") ?? mapNode({ file, line: 1, column: 1 }, []);
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

/** What is left out of the preview is not shown either. */
function withoutDropped({ routes, services = {} }: z.infer<typeof ManifestFile>): Pick<Manifest, "routes"> {
  if (routes === undefined) return {};
  const kept = Object.entries(routes).filter(([name]) => services[name] !== "drop");
  return { routes: Object.fromEntries(kept) };
}
