import { mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import { grants } from "./file-forms.ts";
import { asMap, changeEntries, fields, type Form, isNull, orWritten } from "./form.ts";
import { extraHosts } from "./host-forms.ts";
import { buildUlimits } from "./limit-forms.ts";
import { wholeBytes } from "./quantity-forms.ts";
import { flag, labels, scalarText, text, textOf, textOrTexts, texts, variables } from "./value-forms.ts";

/** A list of `NAME=SOURCE`, or a map: here each name needs its source. */
const additionalContexts: Form = {
  ...labels,
  read(node, at, findings) {
    const read = labels.read(node, at, findings);
    if (node.kind === "map") return changeEntries(node, (own, key) => text.read(own, `${at}.${key}`, findings));
    if (node.kind !== "list") return read;
    const bare = node.items.find((item) => !String(toValue(item)).includes("="));
    if (bare) throw invalid(bare, `${at}: "${String(toValue(bare))}" must be NAME=SOURCE`);
    return read;
  },
};

/** A list of `default` or `ID=PATH`, or a map; printed as a list. */
const ssh: Form = {
  read(node, at, findings) {
    const read = variables.read(node, at, findings);
    if (node.kind !== "list" || read.kind !== "map") return read;
    const bad = [...read.entries].find(([id, entry]) => isNull(entry.node) && id !== "default");
    if (bad) throw invalid(bad[1].node, `${at}: "${bad[0]}" must be default or ID=PATH`);
    return read;
  },
  print(node) {
    if (node.kind !== "map" || node.entries.size === 0) return undefined;
    return [...node.entries].map(([id, { node: path }]) => (toValue(path) ? `${id}=${String(toValue(path))}` : id));
  },
};

/** A text, true or false, kept as text. */
const textOrFlag: Form = {
  read(node, at) {
    if (node.kind === "scalar" && typeof node.value === "boolean") return scalarNode(node.place, scalarText(node, at));
    return text.read(node, at, { add() {}, all: [] });
  },
  ...(text.print ? { print: text.print } : {}),
};

const written = fields({
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: texts,
  args: variables,
  ssh,
  labels,
  cache_from: texts,
  cache_to: texts,
  no_cache: flag,
  no_cache_filter: textOrTexts, // newer than the Compose that we compare with
  additional_contexts: additionalContexts,
  network: text,
  provenance: textOrFlag,
  sbom: textOrFlag,
  pull: flag,
  target: text,
  shm_size: wholeBytes,
  extra_hosts: extraHosts,
  isolation: text,
  privileged: flag,
  secrets: grants,
  tags: texts,
  ulimits: buildUlimits,
  platforms: texts,
});

/** A path, or a map; the context is the directory of the Compose file where it is not told. */
export const build: Form = orWritten(
  {
    ...written,
    settle(node, at) {
      const settled = asMap(written.settle?.(node, at) ?? node, at);
      const [first, second] = ["dockerfile", "dockerfile_inline"].map((key) => settled.entries.get(key)?.node);
      if (!first || !second || toValue(first) === "" || toValue(second) === "") return settled;
      throw invalid(second, `${at}: dockerfile and dockerfile_inline exclude each other`);
    },
  },
  (node: YamlNode, at) =>
    node.kind === "scalar" ? mapNode(node.place, [["context", scalarNode(node.place, textOf(node, at))]]) : node,
);
