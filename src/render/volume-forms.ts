import { listNode, mapNode, scalarNode, type YamlNode } from "../config/yaml-node.ts";
import { invalid } from "./findings.ts";
import { boolean, bytes, fields, type Form, text, textOf, whole } from "./value-forms.ts";

const longForm = fields({
  type: text,
  source: text,
  target: text,
  read_only: boolean,
  consistency: text,
  tmpfs: fields({ size: bytes, mode: whole }),
  volume: fields({ nocopy: boolean, subpath: text }),
});

/** A service's `volumes`, short and long, as a list of `{ type, source, target, read_only, … }` (Compose specification, Volumes). */
export const volumes: Form = (node, at, findings) => {
  if (node.kind !== "list") throw invalid(node, `${at} must be a list`);
  return listNode(
    node.place,
    node.items.map((item, index) => {
      const itemAt = `${at}[${index}]`;
      if (item.kind !== "map") return shortForm(item, itemAt);
      if (!item.entries.has("type")) throw invalid(item, `${itemAt}.type is missing`);
      if (!item.entries.has("target")) throw invalid(item, `${itemAt}.target is missing`);
      return longForm(item, itemAt, findings);
    }),
  );
};

/** True for sources that Compose takes for a path and not for a volume's name. */
function isPath(source: string): boolean {
  return /^[./~]/.test(source);
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

/** `[SOURCE:]TARGET[:OPTIONS]`. */
function shortForm(node: YamlNode, at: string): YamlNode {
  const said = textOf(node, at);
  const parts = said.split(":");
  if (parts.length > 3 || parts.includes("")) throw invalid(node, `${at} is no mount: "${said}"`);
  const [first = "", written = first, options = ""] = parts;
  const target = withoutTrailingSlashes(written);
  const make = (key: string, value: string | boolean) => [key, scalarNode(node.place, value)] as const;
  const settings = options === "" ? [] : options.split(",");
  const readOnly = settings.includes("ro") ? [make("read_only", true)] : [];
  const empty = (key: string, entries: (readonly [string, YamlNode])[] = []) =>
    [key, mapNode(node.place, entries)] as const;
  if (parts.length === 1) return mapNode(node.place, [make("type", "volume"), make("target", target), empty("volume")]);
  const kind = isPath(first) ? "bind" : "volume";
  const known = ["ro", "rw", "z", "Z", "cached", "delegated", "consistent", "nocopy", "rprivate", "private"];
  const other = settings.find((setting) => !known.includes(setting));
  if (other !== undefined) throw invalid(node, `${at}: the option "${other}" of "${said}" is not known`);
  const details =
    kind === "bind" ? [make("create_host_path", true)] : settings.includes("nocopy") ? [make("nocopy", true)] : [];
  return mapNode(node.place, [
    make("type", kind),
    make("source", first),
    make("target", target),
    ...readOnly,
    empty(kind, details),
  ]);
}
