import { mapNode, scalarNode, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { external } from "./external-form.ts";
import { configs, secrets } from "./file-forms.ts";
import { type Findings, invalid } from "../findings.ts";
import { asMap, fields, type Form, listOf, named, orWritten } from "./form.ts";
import { networks } from "./network-forms.ts";
import { plainWhole } from "./quantity-forms.ts";
import { service } from "./service-forms.ts";
import { labels, options, text, textOf, textOrTexts, texts } from "./value-forms.ts";

const volume = external(fields({ name: text, driver: text, driver_opts: options, labels }));

/** An external volume is somebody else's: nothing else can be said of it. */
const volumes: Form = named(
  {
    ...volume,
    settle(node, at) {
      const { entries, place } = asMap(volume.settle?.(node, at) ?? node, at);
      const isExternal = entries.get("external")?.node;
      const other = [...entries].find(([key]) => key !== "name" && key !== "external" && !key.startsWith("x-"));
      if (isExternal?.kind === "scalar" && isExternal.value === true && other) {
        throw invalid({ place: other[1].key }, `${at}: external and ${other[0]} exclude each other`);
      }
      return { place, kind: "map", entries };
    },
  },
  "made",
);

const included = fields({ path: textOrTexts, env_file: textOrTexts, project_directory: text });

/** `include`: paths, or maps of what else each is read with. */
const includes: Form = listOf(
  orWritten(included, (node, at) =>
    node.kind === "map" ? node : mapNode(node.place, [["path", scalarNode(node.place, textOf(node, at))]]),
  ),
);

/** Read, but not printed: Compose 2.40 does not, either. */
const models = named(
  fields({ name: text, model: text, context_size: plainWhole, runtime_flags: texts }, { required: ["model"] }),
  "refused",
);

const file = fields({
  version: { read: text.read, print: () => undefined },
  name: text,
  include: { ...includes, print: () => undefined },
  services: named(service, "refused"),
  networks,
  volumes,
  secrets,
  configs,
  models: { ...models, print: () => undefined },
});

/**
 * One Compose file in canonical form: long forms only, sizes in bytes, numbers as numbers. What is not known passes
 * untouched for the policy to judge. Throws InputError `invalid-value` at the value.
 */
export function canonicalFile(node: YamlNode, findings: Findings): YamlMap {
  const canonical = asMap(file.read(asMap(node, ""), "", findings), "");
  refuseNames(canonical);
  return canonical;
}

/** All files together: refuses what must not be left open, and adds what Compose implies. Throws InputError. */
export function settleModel(model: YamlMap): YamlMap {
  return asMap(file.settle?.(model, "") ?? model, "");
}

/** The values of a settled model as Compose prints them, without what it adds of the project as a whole. */
export function printFile(model: YamlMap): Record<string, unknown> {
  const extensions = [...model.entries].filter(([key]) => key.startsWith("x-"));
  const printed = file.print?.(model) as Record<string, unknown>;
  return { ...printed, ...Object.fromEntries(extensions.map(([key, entry]) => [key, toValue(entry.node)])) };
}

function refuseNames(node: YamlMap): void {
  for (const section of ["services", "networks", "volumes", "secrets", "configs", "models"]) {
    const names = node.entries.get(section)?.node;
    if (names?.kind !== "map") continue;
    for (const [name, entry] of names.entries) {
      // `toString` is found in every record that is looked into, whether it was put there or not.
      if (name in Object.prototype) throw invalid({ place: entry.key }, `"${name}" cannot be a name under ${section}`);
      if (/^[a-zA-Z0-9._-]{1,100}$/.test(name)) continue;
      throw invalid(
        { place: entry.key },
        `"${name}" cannot be a name under ${section}: letters, digits, dot, _ and - only`,
      );
    }
  }
}
