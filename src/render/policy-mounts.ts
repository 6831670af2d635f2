import { formatPath, toValue } from "../config/yaml-node.ts";
import type { Finding } from "../domain/errors.ts";
import { parseTmpfs } from "./tmpfs.ts";
import { refuse, rewrite } from "./findings.ts";
import { honored, later, only, refused, rewritten, type Rule, type Subject, unless } from "./policy-rule.ts";
import { leadsOutside } from "./repository-path.ts";

const dropped = "Remove it, or leave it: it changes nothing here.";
const sizeOnly = "Only a size is honored: `/path:size=64m`.";

/** A mount of a service, in long form. */
export const mountRule: Rule = (subject) => {
  const { node } = subject;
  if (node.kind !== "map") return [];
  const type = valueOf(subject, "type");
  if (type === "bind") return bindFindings(subject);
  if (type !== "volume" && type !== "tmpfs") {
    return [
      refuse(
        node.place,
        "mount-type",
        `${formatPath(subject.path)} has the type ${type}, which a preview does not mount`,
        "Use a volume.",
      ),
    ];
  }
  return only({
    type: honored,
    source: honored,
    target: honored,
    read_only: honored,
    consistency: honored,
    volume: only({ nocopy: unless([false], later), subpath: later, labels: later }),
    tmpfs: only({ size: honored, mode: rewritten("tmpfs-options", "is not used", sizeOnly) }),
    bind: later,
    image: later,
  })(subject);
};

export const tmpfsRule: Rule = ({ node, path }) => {
  const tmpfs = parseTmpfs(String(toValue(node)));
  const at = formatPath(path);
  if (tmpfs === null)
    return [refuse(node.place, "invalid-value", `${at} must be an absolute path, with a size where wanted`, sizeOnly)];
  return tmpfs.ignored.map((option) =>
    rewrite(node.place, "tmpfs-options", `${at}: the option ${option} is not used`, sizeOnly),
  );
};

export const volumeRules: Record<string, Rule> = {
  driver: unless(
    ["local", "default"],
    refused("volume-driver", "is not local", "Remove it: volumes of a preview are local."),
  ),
  driver_opts: refused("volume-driver-opts", "can mount any path of the host", "Remove it: use a plain volume."),
  external: unless(
    [false],
    refused(
      "external-volume",
      "belongs to somebody else: a preview has volumes of its own",
      "Remove it, and give the preview a seed under `data:` in .mayfly.yaml.",
    ),
  ),
  name: rewritten("name", "is dropped: every preview has volumes of its own", dropped),
  labels: rewritten("labels", "are not carried over to volumes", dropped),
};

/** Files of the host that containers mount only to have its time; images do without. */
export const hostClock: readonly string[] = ["/etc/localtime", "/etc/timezone"];

function bindFindings(subject: Subject): Finding[] {
  const at = formatPath(subject.path);
  const { place } = subject.node;
  const source = valueOf(subject, "source");
  const target = valueOf(subject, "target");
  if (/(docker|containerd|podman)\.sock\/?$/.test(source) || /docker\.sock\/?$/.test(target)) {
    const hint =
      "Previews already have a proxy. Leave the service out of the preview, for example in a compose.preview.yaml without it.";
    return [refuse(place, "docker-socket", `${at} mounts ${source}: a preview never gets the engine's socket`, hint)];
  }
  if (hostClock.includes(source))
    return [
      rewrite(place, "host-clock", `${at} is left out: ${source} is the host's`, "Set TZ where the time zone matters."),
    ];
  if (leadsOutside(source)) {
    const hint = "Use a named volume, or copy what is needed into the image.";
    return [refuse(place, "host-path", `${at} mounts ${source} of the host: a preview sees only its own files`, hint)];
  }
  const hint =
    "Copy the files into the image with its Dockerfile; then a compose.preview.yaml without the mount is taken in place of this file.";
  return [
    refuse(
      place,
      "not-supported",
      `${at} mounts ${source} of the repository, which is not honored by this version`,
      hint,
    ),
  ];
}

function valueOf({ node }: Subject, key: string): string {
  const entry = node.kind === "map" ? node.entries.get(key) : undefined;
  return entry ? String(toValue(entry.node)) : "";
}
