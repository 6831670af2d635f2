import { excerpt } from "../../config/excerpt.ts";
import type { Manifest } from "../../config/manifest.ts";
import { keyPlaceOf, placeOf } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import type { SeedSpec } from "../../domain/seed.ts";
import { nearest } from "../../domain/verbs.ts";
import type { ComposeModel } from "../compose-model.ts";
import type { SourceReader } from "../repository-path.ts";

/**
 * The manifest's `data:` as seeds: which files go into which volume of which service. Throws InputError where the
 * service, its volume or a file does not exist, at the place in the manifest.
 */
export function specifySeeds(model: ComposeModel, manifest: Manifest, reader: SourceReader): SeedSpec[] {
  return Object.entries(manifest.data ?? {}).flatMap(([service, data]) => {
    const place = keyPlaceOf(manifest.node, ["data", service]);
    if (!Object.hasOwn(model.services, service)) {
      const meant = nearest(service, Object.keys(model.services));
      const hint =
        meant === undefined
          ? `There are: ${excerpt(Object.keys(model.services).join(", "))}.`
          : `Did you mean ${meant}?`;
      throw new InputError("invalid-value", `data names the service "${service}", which the stack does not have`, {
        place,
        hint,
      });
    }
    const mounted = (model.services[service]?.volumes ?? []).flatMap((mount) =>
      mount.type === "volume" && mount.source ? [mount.source] : [],
    );
    const volume = data.volume ?? (mounted.length === 1 ? mounted[0] : undefined);
    const isSeeded = (data.seed ?? []).length > 0;
    if (data.volume !== undefined && !mounted.includes(data.volume)) {
      const message = `data.${service}: the service does not mount the volume ${data.volume}`;
      throw new InputError("invalid-value", message, { place: placeOf(manifest.node, ["data", service, "volume"]) });
    }
    if (!isSeeded) return [];
    if (volume === undefined) {
      const hint = "Mount a named volume at the database's data directory, and name it: data: { db: { volume: … } }.";
      throw new InputError("invalid-value", `data.${service}: a seed needs a named volume`, { place, hint });
    }
    data.seed?.forEach((file, index) =>
      refuseMissing(file, reader, placeOf(manifest.node, ["data", service, "seed", index])),
    );
    const parts = (data.seed ?? []).map((path) => ({ kind: "file" as const, path, form: "sql" as const }));
    return [{ service, volume, parts }];
  });
}

function refuseMissing(file: string, reader: SourceReader, place: InputError["place"]): void {
  if (reader.kindOf(file) === "file") return;
  throw new InputError("file-missing", `there is no seed file ${excerpt(file)}`, { place });
}
