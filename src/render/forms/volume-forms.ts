import { posix } from "node:path";
import { mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { type Findings, invalid, note } from "../findings.ts";
import { asMap, changeEntries, fields, type Form, listOf } from "./form.ts";
import { plainWhole, wholeBytes } from "./quantity-forms.ts";
import { choice, flag, labels, text, textOf } from "./value-forms.ts";

const longForm = fields(
  {
    type: choice("bind", "volume", "tmpfs", "cluster", "npipe", "image"),
    source: text,
    target: text,
    read_only: flag,
    consistency: text,
    bind: fields({
      propagation: text,
      create_host_path: flag,
      recursive: choice("enabled", "disabled", "writable", "readonly"),
      selinux: choice("z", "Z"),
    }),
    volume: fields({ labels, nocopy: flag, subpath: text }),
    tmpfs: fields({ size: wholeBytes, mode: plainWhole }),
    image: fields({ subpath: text }),
  },
  { required: ["type", "target"] },
);

/** A service's `volumes`, short and long, as a list of `{ type, source, target, read_only, … }` (Compose specification, Volumes). */
export const mounts: Form = listOf({
  read: (node, at, findings) =>
    node.kind === "map" ? longForm.read(node, at, findings) : shortForm(node, at, findings),
  settle(node, at) {
    const settled = asMap(longForm.settle?.(node, at) ?? node, at);
    const type = settled.entries.get("type")?.node;
    const isBind = type?.kind === "scalar" && type.value === "bind";
    if (isBind && !settled.entries.has("source")) throw invalid(node, `${at}.source is missing: a bind needs one`);
    return changeEntries(settled, (own, key) =>
      key === "target" ? scalarNode(own.place, cleanPath(String(toValue(own)))) : own,
    );
  },
  ...(longForm.print ? { print: longForm.print } : {}),
});

const propagations = new Set(["rprivate", "private", "rshared", "shared", "rslave", "slave"]);
/** Compose reads these without a word, and so do we; any other it passes over, too, which we tell. */
const silent = new Set(["rw", "cached", "delegated", "consistent"]);

/** `[SOURCE:]TARGET[:OPTIONS]`; a drive's letter (`C:\data`) belongs to its path. */
function shortForm(node: YamlNode, at: string, findings: Findings): YamlNode {
  const said = textOf(node, at);
  if (said.length === 1 || said.length === 2) return anonymous(node, said);
  const parts = said.split(colonsAfterDrives);
  const [first = "", second, written = "", ...rest] = parts;
  if (parts.includes("") || rest.length > 0) throw invalid(node, `${at} is no mount: "${said}"`);
  const [source, target] = second === undefined ? [undefined, first] : [first, second];
  const kind = source !== undefined && isPath(source) ? "bind" : "volume";
  const { readOnly, bind, volume } = readOptions(node, at, { written, findings });
  const scalar = (key: string, value: string | boolean) => [key, scalarNode(node.place, value)] as const;
  const details = kind === "bind" ? [...bind, scalar("create_host_path", true)] : bind;
  return mapNode(node.place, [
    scalar("type", kind),
    ...(source === undefined ? [] : [scalar("source", source)]),
    scalar("target", cleanPath(target)),
    ...(readOnly ? [scalar("read_only", true)] : []),
    ...(details.length > 0 ? [["bind", mapNode(node.place, details)] as const] : []),
    ...(kind === "volume" || volume.length > 0 ? [["volume", mapNode(node.place, volume)] as const] : []),
  ]);
}

/** So short, it can only be a path in the container; Compose says no more of it. */
function anonymous(node: YamlNode, target: string): YamlNode {
  return mapNode(node.place, [
    ["type", scalarNode(node.place, "volume")],
    ["target", scalarNode(node.place, target)],
  ]);
}

const colonsAfterDrives = /(?<!(?:^|:)[a-zA-Z]):/;

type Said = { written: string; findings: Findings };
type Detail = readonly [string, YamlNode];

function readOptions(node: YamlNode, at: string, { written, findings }: Said) {
  let readOnly = false;
  const bind = new Map<string, Detail>();
  const volume: Detail[] = [];
  for (const option of written.split(",").filter((each) => each !== "")) {
    const set = (key: string) => bind.set(key, [key, scalarNode(node.place, option)]);
    if (option === "ro" || option === "rw") readOnly = option === "ro";
    else if (option === "nocopy") volume[0] = ["nocopy", scalarNode(node.place, true)];
    else if (option === "z" || option === "Z") set("selinux");
    else if (propagations.has(option)) set("propagation");
    else if (!silent.has(option)) {
      const message = `${at}: the option "${option}" of a mount is not known; it does nothing`;
      findings.add(note(node.place, "mount-option", message, "Remove it, or check its spelling."));
    }
  }
  return { readOnly, bind: [...bind.values()], volume };
}

function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, "");
}

/** True for sources that Compose takes for a path and not for a volume's name. */
function isPath(source: string): boolean {
  return /^([./~]|\\\\|[a-zA-Z]:)/.test(source);
}
