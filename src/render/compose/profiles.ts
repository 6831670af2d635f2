import { child, mapNode, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";

/** A stack's services, without those whose profiles are not active; `left` are their names. */
export function withProfiles(model: YamlMap, active: readonly string[]): { model: YamlMap; left: ReadonlySet<string> } {
  const services = model.entries.get("services");
  if (services?.node.kind !== "map") return { model, left: new Set() };
  const left = new Set<string>();
  const kept = [...services.node.entries].filter(([name, entry]) => {
    const isStarted = startsWith(child(entry.node, "profiles"), active);
    if (!isStarted) left.add(name);
    return isStarted;
  });
  const node = mapNode(
    services.node.place,
    kept.map(([name, entry]) => [name, entry.node, entry.key]),
  );
  return { model: { ...model, entries: new Map(model.entries).set("services", { key: services.key, node }) }, left };
}

/** A service without profiles always is, one with some needs any of them; `*` are all (Compose specification, Profiles). */
function startsWith(profiles: YamlNode | undefined, active: readonly string[]): boolean {
  const own = profiles?.kind === "list" ? profiles.items.map((item) => String(toValue(item))) : [];
  return own.length === 0 || active.includes("*") || own.some((profile) => active.includes(profile));
}

/** As `COMPOSE_PROFILES` lists them. */
export function profilesOf(listed: string | undefined): string[] {
  return (listed ?? "").split(",").map((profile) => profile.trim());
}
