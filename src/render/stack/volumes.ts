import type { Manifest } from "../../config/manifest.ts";
import { keyPlaceOf } from "../../config/yaml-node.ts";
import { InputError, type Place } from "../../domain/errors.ts";
import type { VolumeSpec } from "../../domain/stack.ts";
import type { ComposeModel } from "../compose-model.ts";

/** The named volumes of a stack, with what the manifest says of their data. Throws InputError for migrations of none. */
export function specifyVolumes(names: readonly string[], model: ComposeModel, manifest: Manifest): VolumeSpec[] {
  const rules = new Map<string, VolumeSpec["rules"]>();
  for (const [service, { volume, source, seed = [], migrations = [], changed = "wait" }] of Object.entries(
    manifest.data ?? {},
  )) {
    if (source === undefined && seed.length + migrations.length === 0) continue;
    const mounted = (model.services[service]?.volumes ?? []).flatMap((mount) =>
      mount.type === "volume" && mount.source ? [mount.source] : [],
    );
    const name = volume ?? (mounted.length === 1 ? mounted[0] : undefined);
    const place = keyPlaceOf(manifest.node, ["data", service, "migrations"]);
    if (name !== undefined) rules.set(name, { service, migrations, ...(migrations.length > 0 && { place }), changed });
    else if (migrations.length > 0) refuse(service, place);
  }
  return names.map((name) => {
    const said = rules.get(name);
    return { name, ...(said && { rules: said }) };
  });
}

function refuse(service: string, place: Place): never {
  const hint = "Mount a named volume at the database's data directory, and name it: data: { db: { volume: … } }.";
  throw new InputError("invalid-value", `data.${service}: migrations need a named volume`, { place, hint });
}
