import { mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import { asMap, type Form } from "./form.ts";
import { flag, textOf } from "./value-forms.ts";

/**
 * A declared network, volume, secret or config that may be `external`, also as `external: { name: NAME }`, which is
 * `external: true` with that name.
 */
export function external(form: Form): Form {
  return {
    ...form,
    read(node, at, findings) {
      const { place, entries } = asMap(form.read(node, at, findings), at);
      const said = entries.get("external");
      if (!said) return { place, kind: "map", entries };
      if (said.node.kind !== "map") {
        const own = flag.read(said.node, `${at}.external`, findings);
        return { place, kind: "map", entries: new Map(entries).set("external", { key: said.key, node: own }) };
      }
      const name = said.node.entries.get("name");
      refuseOtherName(entries.get("name")?.node, name?.node, at);
      return mapNode(place, [
        ...[...entries].map(([key, entry]) => [key, entry.node, entry.key] as const),
        ["external", scalarNode(said.node.place, true), said.key],
        ...(name ? [["name", name.node, name.key] as const] : []),
      ]);
    },
    print(node) {
      const printed = form.print ? form.print(node) : toValue(node);
      return isMap(printed) && printed["external"] === false ? { ...printed, external: undefined } : printed;
    },
  };
}

function refuseOtherName(own: YamlNode | undefined, old: YamlNode | undefined, at: string): void {
  if (!own || !old || textOf(own, `${at}.name`) === textOf(old, `${at}.external.name`)) return;
  throw invalid(old, `${at} has two names: remove external.name`);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
