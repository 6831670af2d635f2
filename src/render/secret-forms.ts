import { listNode, mapNode, scalarNode, type YamlNode } from "../config/yaml-node.ts";
import { invalid } from "./findings.ts";
import { boolean, fields, type Form, named, text, textOf } from "./value-forms.ts";

/** File permissions: a number as YAML reads it (`0440` is octal there), a text always as octal. */
const mode: Form = (node, at) => {
  if (node.kind === "scalar" && typeof node.value === "number") return node;
  const said = textOf(node, at);
  if (!/^0?[0-7]{3}$/.test(said)) throw invalid(node, `${at} must be permissions such as 0440`);
  return scalarNode(node.place, Number.parseInt(said, 8));
};

/** Top-level `secrets` (Compose specification, Secrets top-level element). */
export const declaredSecrets: Form = named(fields({ environment: text, external: boolean, name: text, file: text }));

const longForm = fields({ source: text, target: text, uid: text, gid: text, mode });

/** A service's or a build's `secrets`, short and long, as a list of `{ source, target, uid, gid, mode }`. */
export const grantedSecrets: Form = (node, at, findings) => {
  if (node.kind !== "list") throw invalid(node, `${at} must be a list`);
  return listNode(
    node.place,
    node.items.map((item: YamlNode, index) => {
      const itemAt = `${at}[${index}]`;
      const written =
        item.kind === "map" ? item : mapNode(item.place, [["source", text(item, itemAt, findings), item.place]]);
      if (!written.entries.has("source")) throw invalid(item, `${itemAt}.source is missing`);
      return longForm(written, itemAt, findings);
    }),
  );
};
