import { type YamlNode, toValue } from "../../config/yaml-node.ts";
import { fields, type Form, listOf, named } from "./form.ts";
import { plainWhole, whole, wholeBytes } from "./quantity-forms.ts";
import { text } from "./value-forms.ts";

/** `ulimits`: a number for both limits, or `{ soft, hard }`. */
export const ulimits: Form = limitsOf(whole);

/** Those of a build: Compose takes no texts for them. */
export const buildUlimits: Form = limitsOf(plainWhole);

function limitsOf(number: Form): Form {
  const pair = fields({ soft: number, hard: number }, { required: ["soft", "hard"] });
  const limit: Form = {
    read: (node, at, findings) => (node.kind === "map" ? pair : number).read(node, at, findings),
    settle: (node, at) => (node.kind === "map" ? (pair.settle?.(node, at) ?? node) : node),
    // Compose prints a limit of 0 as if nothing was said.
    print: (node) => (node.kind === "map" ? pair.print?.(node) : toValue(node) || {}),
  };
  return named(limit, "refused");
}

const rated = (key: "rate" | "weight", form: Form): Form => {
  const item = fields({ path: text, [key]: form });
  // The specification's keys are lower-case; Compose prints them so.
  const print = (node: YamlNode) => ({ Path: "", ...capitalized(item.print?.(node)) });
  return listOf({ ...item, print });
};

/** `blkio_config`. */
export const blkio: Form = fields({
  weight: plainWhole,
  weight_device: rated("weight", plainWhole),
  device_read_bps: rated("rate", wholeBytes),
  device_read_iops: rated("rate", wholeBytes),
  device_write_bps: rated("rate", wholeBytes),
  device_write_iops: rated("rate", wholeBytes),
});

function capitalized(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key.charAt(0).toUpperCase() + key.slice(1), each]),
  );
}
