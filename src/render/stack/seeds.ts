import { excerpt } from "../../config/excerpt.ts";
import type { SeedEntry } from "../../config/seed-entry.ts";
import type { Manifest } from "../../config/manifest.ts";
import { keyPlaceOf, placeOf } from "../../config/yaml-node.ts";
import { InputError, type Place } from "../../domain/errors.ts";
import type { SeedSpec } from "../../domain/seed.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import { nearest } from "../../domain/verbs.ts";
import type { SourceReader } from "../repository-path.ts";
import { specifyParts } from "./seed-parts.ts";

/**
 * The manifest's `data:` as seeds: what goes into which volume of which service. Throws InputError where the service,
 * its volume or a part does not exist or cannot be loaded, at the place in the manifest.
 */
export function specifySeeds(services: readonly ServiceSpec[], manifest: Manifest, reader: SourceReader): SeedSpec[] {
  return Object.entries(manifest.data ?? {}).flatMap(([name, { volume: named, source, seed = [] }]) => {
    const place = keyPlaceOf(manifest.node, ["data", name]);
    const service = services.find((each) => each.name === name);
    if (service === undefined) {
      const names = services.map((each) => each.name);
      const meant = nearest(name, names);
      const hint = meant === undefined ? `There are: ${excerpt(names.join(", "))}.` : `Did you mean ${meant}?`;
      const message = `data names the service "${name}", which the stack does not have`;
      throw new InputError("invalid-value", message, { place, hint });
    }
    const mounted = service.mounts.flatMap((mount) => (mount.kind === "volume" ? [mount.volume] : []));
    if (named !== undefined && !mounted.includes(named)) {
      const message = `data.${name}: the service does not mount the volume ${named}`;
      throw new InputError("invalid-value", message, { place: placeOf(manifest.node, ["data", name, "volume"]) });
    }
    if (seed.length === 0 && source === undefined) return [];
    const volume = named ?? (mounted.length === 1 ? mounted[0] : undefined);
    if (volume === undefined) {
      const hint = "Mount a named volume at the database's data directory, and name it: data: { db: { volume: … } }.";
      throw new InputError("invalid-value", `data.${name}: a seed needs a named volume`, { place, hint });
    }
    const written: { entry: SeedEntry; place: Place }[] = seed.map((entry, index) => ({
      entry,
      place: placeOf(manifest.node, ["data", name, "seed", index]),
    }));
    if (source !== undefined) {
      written.unshift({ entry: { source }, place: placeOf(manifest.node, ["data", name, "source"]) });
    }
    return [{ service: name, volume, parts: specifyParts(written, { service, services, reader }) }];
  });
}
