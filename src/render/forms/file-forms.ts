import { mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import { asMap, fields, type Form, type Forms, listOf, named, orWritten } from "./form.ts";
import { external } from "./external-form.ts";
import { labels, options, text, textOf } from "./value-forms.ts";

/** File permissions, printed as octal: a number as YAML reads it (`0440` is octal there), a text always as octal. */
const mode: Form = {
  read(node, at) {
    if (node.kind === "scalar" && typeof node.value === "number") return scalarNode(node.place, octal(node.value));
    const said = textOf(node, at);
    if (!/^0?[0-7]{1,7}$/.test(said)) throw invalid(node, `${at} must be permissions such as 0440`);
    return scalarNode(node.place, octal(Number.parseInt(said, 8)));
  },
};

const grant = fields({ source: text, target: text, uid: text, gid: text, mode });

/** A service's `configs` or a build's `secrets`, short and long, as a list of `{ source, target, uid, gid, mode }`. */
export const grants: Form = listOf(
  orWritten(grant, (node, at) =>
    node.kind === "map"
      ? node
      : mapNode(node.place, [["source", scalarNode(node.place, textOf(node, at)), node.place]]),
  ),
);

/** A service's `secrets`: the same, and each is told where it lies in the container. */
export const secretGrants: Form = {
  ...grants,
  settle(node) {
    if (node.kind !== "list") return node;
    return { ...node, items: node.items.map(withTarget) };
  },
};

/**
 * Top-level `secrets` (Compose specification, Secrets top-level element). Compose knows one source at most; here an
 * overlay may name the operator's secret over the file of a development machine.
 */
export const secrets: Form = declared(
  { environment: text, file: text, driver: text, driver_opts: options, template_driver: text },
  { sources: ["file", "environment"], exclusive: false },
);

/** Top-level `configs` (Compose specification, Configs top-level element). */
export const configs: Form = declared(
  { environment: text, file: text, content: text, template_driver: text },
  { sources: ["file", "environment", "content"], exclusive: true },
);

function declared(forms: Forms, { sources, exclusive }: { sources: readonly string[]; exclusive: boolean }): Form {
  const form = external(fields({ name: text, labels, ...forms }));
  const settle = (node: YamlNode, at: string) => {
    const settled = asMap(form.settle?.(node, at) ?? node, at);
    const given = sources.filter((key) => settled.entries.has(key));
    if (exclusive && given.length > 1) throw invalid(node, `${at}: ${given.join(" and ")} exclude each other`);
    if (given.length > 0 || settled.entries.has("external")) return settled;
    throw invalid(node, `${at} must say where it comes from: ${sources.join(", ")} or external`);
  };
  return named({ ...form, settle }, "refused");
}

function withTarget(node: YamlNode): YamlNode {
  if (node.kind !== "map" || node.entries.has("target")) return node;
  const source = node.entries.get("source")?.node ?? node;
  const target = scalarNode(source.place, `/run/secrets/${String(toValue(source))}`);
  return { ...node, entries: new Map(node.entries).set("target", { key: source.place, node: target }) };
}

function octal(permissions: number): string {
  return `0${permissions.toString(8)}`;
}
