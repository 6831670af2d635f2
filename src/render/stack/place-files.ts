import { posix } from "node:path";
import { placeOf } from "../../config/yaml-node.ts";
import { InputError } from "../../domain/errors.ts";
import { sourcePathOf } from "../../domain/files.ts";
import type { FileSpec } from "../../domain/stack.ts";
import { type Bound, bindFiles } from "./bound-files.ts";
import type { ComposeModel, Mount } from "../compose-model.ts";
import { type Giver, giveFiles } from "./given-files.ts";
import type { SourceReader } from "../repository-path.ts";
import { parseTmpfs } from "./tmpfs.ts";

/** More than people mount, in all services; each path is looked up in git. */
const mostMounts = 200;

/**
 * A model whose services mount all files of the repository, and what configs say, from the stack's files volume, with
 * what that volume holds. Throws InputError for two mounts in one place, one over everything, or too many.
 */
export function placeFiles(compose: ComposeModel, giver: Giver): Bound {
  refuseMany(compose, giver);
  const bound = bindFiles(compose, giver.model, giver.reader);
  const given = giveFiles(bound.compose, giver);
  const files = [...bound.files, ...given.files];
  for (const [name, service] of Object.entries(given.compose.services))
    refusePlaces(name, service.volumes ?? [], giver);
  return { ...bound, compose: given.compose, files: [...files, ...mountPoints(given.compose, files, giver.reader)] };
}

function refuseMany(compose: ComposeModel, { model }: Giver): void {
  const counts = Object.values(compose.services).map(({ volumes = [], configs = [], secrets = [] }) => {
    return volumes.filter(({ type }) => type === "bind").length + configs.length + secrets.length;
  });
  const count = counts.reduce((sum, each) => sum + each, 0);
  if (count <= mostMounts) return;
  const message = `the services mount ${count} files and folders of the repository; a preview has ${mostMounts} at most`;
  const hint = "Mount a folder in place of its files.";
  throw new InputError("file-too-large", message, { place: placeOf(model, ["services"]), hint });
}

function refusePlaces(service: string, mounts: readonly Mount[], { model }: Giver): void {
  const targets = mounts.map(({ target }) => posix.resolve("/", target));
  const place = placeOf(model, ["services", service]);
  if (targets.includes("/"))
    throw new InputError("invalid-value", `services.${service} mounts something at /, over all of its image`, {
      place,
    });
  const twice = targets.find((target, index) => targets.indexOf(target) < index);
  if (twice === undefined) return;
  throw new InputError("invalid-value", `services.${service} mounts two things at ${twice}`, { place });
}

/** Below a folder that nobody can write to, the engine cannot make the place where something else is mounted. */
function mountPoints(compose: ComposeModel, files: readonly FileSpec[], reader: SourceReader): FileSpec[] {
  const points = Object.values(compose.services).flatMap((service) => {
    const mounts = service.volumes ?? [];
    const others = [...mounts, ...(service.tmpfs ?? []).flatMap((text) => parseTmpfs(text) ?? [])];
    return mounts.flatMap((folder) => {
      if (folder.type !== "files" || folder.read_only !== true) return [];
      return others.flatMap((other) => pointIn(folder, other, { files, reader }));
    });
  });
  return [...new Map(points.map((point) => [point.path, point])).values()];
}

type Known = { files: readonly FileSpec[]; reader: SourceReader };

function pointIn(folder: Mount, other: Mount | { target: string }, { files, reader }: Known): FileSpec[] {
  const inside = posix.relative(folder.target, other.target);
  if (inside === "" || inside.startsWith("..") || folder.source === undefined) return [];
  const source = sourcePathOf(folder.source, files);
  if (source !== null && reader.kindOf(posix.join(source, inside)) !== "none") return [];
  const file = files.find(({ path }) => path === folder.source || folder.source?.startsWith(`${path}/`));
  const mounted = "type" in other && other.type === "files" ? sourcePathOf(other.source ?? "", files) : null;
  const isFile = mounted !== null && reader.kindOf(mounted) === "file";
  const from = isFile || isText(other, files) ? ({ kind: "text", text: "" } as const) : ({ kind: "folder" } as const);
  const path = posix.join(folder.source, inside);
  return file ? [{ path, from, uid: file.uid, gid: file.gid, mode: null, place: file.place }] : [];
}

function isText(mount: Mount | { target: string }, files: readonly FileSpec[]): boolean {
  return "source" in mount && files.some(({ path, from }) => path === mount.source && from.kind === "text");
}
