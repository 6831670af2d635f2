import type { Mount } from "../../domain/service.ts";
import type { Mount as ComposeMount, Service } from "../compose-model.ts";
import { hostClock } from "../policy/policy-mounts.ts";
import { parseTmpfs } from "./tmpfs.ts";

/** What a service mounts: `volumes`, then `tmpfs`. */
export function specifyMounts(model: Pick<Service, "volumes" | "tmpfs">): Mount[] {
  const tmpfs = (model.tmpfs ?? []).flatMap((text): Mount[] => {
    const parsed = parseTmpfs(text);
    return parsed ? [tmpfsMount(parsed.target, parsed.sizeBytes, parsed.options)] : [];
  });
  return [...(model.volumes ?? []).flatMap(specifyMount), ...tmpfs];
}

function specifyMount(mount: ComposeMount): Mount[] {
  const { type, source, target, read_only: readOnly = false } = mount;
  if (type === "tmpfs") {
    const mode = mount.tmpfs?.mode;
    return [tmpfsMount(target, mount.tmpfs?.size ?? null, mode === undefined ? [] : [`mode=${mode.toString(8)}`])];
  }
  if (type === "files") return [{ kind: "files", path: source ?? "", target, readOnly }];
  if (type === "bind" && hostClock.includes(source ?? "")) return [];
  const noCopy = mount.volume?.nocopy === true ? { noCopy: true } : {};
  if (source === undefined || source === "") {
    return [{ kind: "anonymous", target, ...noCopy }];
  }
  const subpath = mount.volume?.subpath;
  return [{ kind: "volume", volume: source, target, readOnly, ...noCopy, ...(subpath && { subpath }) }];
}

function tmpfsMount(target: string, sizeBytes: number | null, options: string[]): Mount {
  return { kind: "tmpfs", target, sizeBytes, ...(options.length > 0 && { options }) };
}
