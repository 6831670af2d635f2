import { canonicalJson } from "../../domain/spec-hash.ts";
import type { ImageSpec } from "../../domain/service.ts";
import type { BuildSettings, BuildSpec } from "../../domain/stack.ts";
import { wholeReference } from "../../domain/image-reference.ts";
import { specifyContexts } from "./build-contexts.ts";
import type { Build, ComposeModel } from "../compose-model.ts";
import { resolvePath } from "../repository-path.ts";
import { specifyUlimit } from "./service-process.ts";

/**
 * The images of a stack: what is built, once for all services with the same build, named after the first of them; and
 * what each service runs. A service that names the image of a built one runs that build: by its `image:` in any
 * spelling, or as Compose calls it where it has none (`PROJECT-SERVICE`). No such name is ever given to the engine.
 * Where two builds say the same `image:`, each service runs its own, and who only names it the last.
 */
export function specifyImages(
  model: ComposeModel,
  project: string,
): { builds: BuildSpec[]; imageOf: (service: string) => ImageSpec } {
  const builds = new Map<string, BuildSpec & { written: Build }>();
  const images = new Map<string, ImageSpec>();
  const builtAs = new Map<string, ImageSpec>();
  for (const [name, { build, image }] of Object.entries(model.services)) {
    if (!build) continue;
    const spec = specifyBuild(build);
    const identity = canonicalJson([spec, build.additional_contexts ?? {}]);
    const known = builds.get(identity) ?? { name, ...spec, written: build };
    builds.set(identity, known);
    const built: ImageSpec = { kind: "build", build: known.name };
    images.set(name, built);
    const names = image === undefined ? [project, model.name].map((each) => `${each}-${name}`) : [image];
    for (const each of names) builtAs.set(wholeReference(each), built);
  }
  const imageOf = (service: string): ImageSpec => {
    const reference = model.services[service]?.image ?? "";
    return images.get(service) ?? builtAs.get(wholeReference(reference)) ?? { kind: "pull", reference };
  };
  return {
    imageOf,
    builds: [...builds.values()].map(({ written, ...spec }) => {
      const contexts = specifyContexts(written.additional_contexts ?? {}, imageOf);
      return contexts.length > 0 ? { ...spec, contexts } : spec;
    }),
  };
}

/** The Dockerfile's path from the repository's root; Compose has it from the context. */
export function dockerfilePath(build: Pick<Build, "context" | "dockerfile">): string {
  return resolvePath(build.context ?? ".", build.dockerfile ?? "Dockerfile");
}

function specifyBuild(build: Build): Omit<BuildSpec, "name"> {
  const inline = build.dockerfile_inline ?? null;
  return {
    context: build.context ?? ".",
    dockerfile: inline === null ? dockerfilePath(build) : null,
    inline,
    target: build.target ?? null,
    args: Object.fromEntries(Object.entries(build.args ?? {}).map(([name, value]) => [name, value ?? ""])),
    // By the names of the stack still: `giveSecrets` makes the operator's of them.
    secrets: (build.secrets ?? []).map(({ source, target }) => ({ id: target ?? source, secret: source })),
    ...specifySettings(build),
    tag: "",
  };
}

function specifySettings(build: Build): Pick<BuildSpec, "settings"> {
  const hosts = build.extra_hosts ?? [];
  const ulimits = Object.entries(build.ulimits ?? {}).flatMap(([name, said]) => specifyUlimit(name, said));
  const settings: BuildSettings = {
    ...(build.network === "none" && { offline: true }),
    ...(build.no_cache && { noCache: true }),
    ...(build.pull && { pull: true }),
    ...(build.shm_size !== undefined && { shmSizeBytes: build.shm_size }),
    ...(hosts.length > 0 && { hosts }),
    ...(ulimits.length > 0 && { ulimits }),
  };
  return Object.keys(settings).length > 0 ? { settings } : {};
}
