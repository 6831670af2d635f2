import { child, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { honor, leaveIt, orDrop, refuse, rewrite, type Rows, type Subject, unless, when } from "./policy-row.ts";
import { leadsOutside } from "../repository-path.ts";
import { parseTmpfs } from "../stack/tmpfs.ts";

const sizeOnly = "Write a path, and what it needs of size, mode, uid and gid: `/path:size=64m,mode=1777`.";

/** Files of the host that containers mount only to have its time; images do without. */
export const hostClock: readonly string[] = ["/etc/localtime", "/etc/timezone"];

const isBind = ({ node }: Subject) => textOf(node, "type") === "bind";

/** What services mount, and the volumes there are. */
export const mountRows: Rows = {
  "services.*.volumes.*": honor(
    "a volume of the preview's own, a tmpfs, or files of the repository (see [files](files.md))",
    refuse(
      "docker-socket",
      "a preview never gets the engine's socket",
      "Leave the service out in .mayfly.yaml: `services: { SERVICE: drop }`. Where it is a proxy such as Traefik, previews have one.",
      when("the engine's socket", (subject) => isBind(subject) && isSocket(subject.node)),
    ),
    rewrite(
      "host-clock",
      "left out, it is the host's",
      "Set TZ where the time zone matters.",
      when("`/etc/localtime`, `/etc/timezone`", (mount) => isBind(mount) && hostClock.includes(sourceOf(mount))),
    ),
    refuse(
      "host-path",
      "a path of the host, and a preview sees only its own files",
      `Use a named volume, or a file of the repository. ${orDrop}`,
      when("a path outside the repository", (mount) => isBind(mount) && leadsOutside(sourceOf(mount))),
    ),
    refuse(
      "mount-type",
      "a preview mounts volumes and tmpfs only",
      "Use a volume.",
      when(
        "another type than `volume` or `tmpfs`",
        ({ node }) => !["bind", "volume", "tmpfs"].includes(textOf(node, "type")),
      ),
    ),
  ),
  "services.*.volumes.*.type": honor(),
  "services.*.volumes.*.source": honor(),
  "services.*.volumes.*.target": honor(),
  "services.*.volumes.*.read_only": honor(),
  "services.*.volumes.*.consistency": honor("without meaning on Linux"),
  "services.*.volumes.*.volume.nocopy": honor(),
  "services.*.volumes.*.volume.subpath": honor(
    "made where it is missing",
    refuse(
      "path-outside",
      "leads out of the volume",
      "Name a folder of the volume.",
      when("a path outside the volume", ({ node }) => leadsOutside(String(toValue(node)))),
    ),
  ),
  "services.*.volumes.*.volume.labels": rewrite("labels", "not given to the engine", leaveIt),
  "services.*.volumes.*.tmpfs.size": honor(),
  "services.*.volumes.*.tmpfs.mode": honor(),
  "services.*.volumes.*.bind.create_host_path": honor("`false` refuses a path that the repository does not have"),
  "services.*.volumes.*.bind.recursive": honor("without meaning: nothing is bound from the host"),
  "services.*.volumes.*.bind.selinux": rewrite("bind-options", "not used", leaveIt),
  "services.*.volumes.*.bind.propagation": refuse(
    "bind-propagation",
    "shares mounts with the host, which a preview never does",
    "Remove it.",
    unless("private", "rprivate"),
  ),
  "services.*.volumes.*.image": refuse(
    "mount-type",
    "a preview mounts no images",
    "Use a volume: COPY into it, or seed it.",
  ),
  "services.*.tmpfs.*": honor(
    "it counts to the service's memory",
    refuse(
      "invalid-value",
      "must be an absolute path, with a size where wanted",
      sizeOnly,
      when("no absolute path", ({ node }) => parseTmpfs(String(toValue(node))) === null),
    ),
    rewrite(
      "tmpfs-options",
      "an option is not used",
      sizeOnly,
      when("other options", ({ node }) => (parseTmpfs(String(toValue(node)))?.ignored.length ?? 0) > 0),
    ),
  ),
  "volumes.*.driver": refuse(
    "volume-driver",
    "is not local, as all volumes of a preview are",
    "Remove it.",
    unless("local", "default"),
  ),
  "volumes.*.driver_opts": refuse(
    "volume-driver-opts",
    "can mount any path of the host",
    "Remove it: use a plain volume.",
  ),
  "volumes.*.external": rewrite(
    "external-volume",
    "a volume of the preview's own, empty at first",
    "Give it a seed under `data:` in .mayfly.yaml where the service needs what is in it.",
    unless(false),
  ),
  "volumes.*.name": rewrite("name", "not used, every preview has volumes of its own", leaveIt),
  "volumes.*.labels": rewrite("labels", "not given to the engine", leaveIt),
};

function isSocket(node: YamlNode): boolean {
  const socket = /(docker|containerd|podman)\.sock\/?$/;
  return socket.test(textOf(node, "source")) || socket.test(textOf(node, "target"));
}

function sourceOf({ node }: Subject): string {
  return textOf(node, "source");
}

function textOf(node: YamlNode, key: string): string {
  const inner = child(node, key);
  return inner ? String(toValue(inner)) : "";
}
