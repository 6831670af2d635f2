import { child, type YamlMap } from "../../config/yaml-node.ts";
import type { Manifest } from "../../config/manifest.ts";
import type { Choice } from "../choice/compose-choice.ts";
import { settleModel } from "../forms/compose-file.ts";
import type { ComposeFiles } from "./compose-files.ts";
import { loadProject } from "./compose-project.ts";
import { resolveEnvironments } from "./environment.ts";
import type { Findings } from "../findings.ts";
import type { Scope } from "./interpolate.ts";
import { profilesOf, withProfiles } from "./profiles.ts";
import type { SourceReader } from "../repository-path.ts";
import { withDockerfiles } from "./resolve-paths.ts";
import { dropServices, droppedServices, overridesOf, refuseUnknownServices, servicesIn } from "./service-overrides.ts";
import { refuseHugeStack } from "./stack-caps.ts";
import { withoutUnused } from "./unused.ts";

/** A stack as `docker compose config` would print it, still knowing its places. */
export type ComposeSource = {
  model: YamlMap;
  /** The services that are not started because of their profiles. */
  left: ReadonlySet<string>;
  /** All services that the files have. */
  services: readonly string[];
  /** The value of a variable, as `${NAME}` has it. */
  lookup: Scope["lookup"];
};

/**
 * Reads a stack from its chosen files, and what the manifest changes of it. Throws InputError with its place for what
 * Compose would not read either.
 */
export function readCompose(
  { manifest, choice }: { manifest: Manifest; choice: Choice },
  scope: Scope,
  from: { files: ComposeFiles; reader: SourceReader; findings: Findings },
): ComposeSource {
  const dropped = droppedServices(manifest);
  const met = new Set<string>();
  const files = choice.files.map(({ path }) => ({ path, place: { file: path, line: 1, column: 1 } }));
  const written = files.flatMap(({ path, place }) => from.files.documents(path, place));
  // A misspelt name is told before what its service is missing. What is included is known only when it was read.
  const isWhole = written.every((document) => child(document, "include") === undefined);
  if (isWhole) refuseUnknownServices(manifest, new Set(written.flatMap(servicesIn)));
  const project = { files, directory: choice.directory, scope, including: [], last: overridesOf(manifest) };
  const merged = loadProject(project, { ...from, met, dropped: dropped.union(new Set(choice.leftOut)) });
  refuseUnknownServices(manifest, met);
  const whole = settleModel(dropServices(merged, dropped));
  refuseHugeStack(whole);
  const { model, left } = startedOf(whole, scope);
  const needed = withoutUnused(withDockerfiles(model));
  const resolved = resolveEnvironments(needed, scope, from);
  return { model: resolved, left, services: [...met], lookup: scope.lookup };
}

/** Where every service has profiles, those of an env file that is not committed are taken from its example: without any, nothing would run. */
function startedOf(model: YamlMap, scope: Scope): ReturnType<typeof withProfiles> {
  const started = withProfiles(model, profilesOf(scope.lookup("COMPOSE_PROFILES")));
  const services = child(started.model, "services");
  const isEmpty = started.left.size > 0 && services?.kind === "map" && services.entries.size === 0;
  if (!isEmpty || scope.lookup("COMPOSE_PROFILES") !== undefined) return started;
  const shown = scope.onUnset("COMPOSE_PROFILES", services.place);
  return shown === null ? started : withProfiles(model, profilesOf(shown));
}
