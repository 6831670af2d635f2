import { InputError } from "../domain/errors.ts";
import { sourcePathOf } from "../domain/files.ts";
import { specHash } from "../domain/spec-hash.ts";
import type { Mount, ServiceSpec } from "../domain/service.ts";
import type { FileSpec, StackSpec } from "../domain/stack.ts";
import type { Checkout } from "./ports.ts";

/** What all of a preview's files volume may hold: it is copied for each deployment. */
const most = { files: 100_000, bytes: 1024 ** 3 };

/**
 * The services with a hash of what is in the files that they mount, so that a changed file makes another service.
 * Throws InputError `file-too-large` for more than a preview may bind.
 */
export async function prepareFiles(
  stack: StackSpec,
  checkout: Pick<Checkout, "treeId" | "measure">,
): Promise<ServiceSpec[]> {
  await refuseTooMuch(stack.files, checkout);
  const known = new Map<string, Promise<string>>();
  const treeOf = (path: string): Promise<string> => {
    const tree = known.get(path) ?? checkout.treeId(path);
    known.set(path, tree);
    return tree;
  };
  const prepare = async (mount: Mount): Promise<Mount> => {
    if (mount.kind !== "files") return mount;
    const path = sourcePathOf(mount.path, stack.files);
    return { ...mount, content: path === null ? specHash(mount.path) : await treeOf(path) };
  };
  return await Promise.all(
    stack.services.map(async (service) => ({ ...service, mounts: await Promise.all(service.mounts.map(prepare)) })),
  );
}

async function refuseTooMuch(files: readonly FileSpec[], checkout: Pick<Checkout, "measure">): Promise<void> {
  const sizes = new Map<string, { files: number; bytes: number }>();
  const measured: { files: number; bytes: number; path: string; place: FileSpec["place"] }[] = [];
  const sum = (key: "files" | "bytes") => measured.reduce((total, each) => total + each[key], 0);
  for (const { from, place } of files) {
    if (from.kind !== "repository") continue;
    const { path } = from;
    const size = sizes.get(path) ?? (await checkout.measure(path));
    sizes.set(path, size);
    measured.push({ ...size, path, place });
    // No other is counted any more: that takes its time, and many may be as large.
    if (sum("files") > most.files || sum("bytes") > most.bytes) break;
  }
  const key = sum("files") > most.files ? "files" : "bytes";
  if (sum(key) <= most[key]) return;
  const largest = measured.toSorted((a, b) => b[key] - a[key])[0];
  const has = key === "files" ? `${largest?.files} files` : `${Math.ceil((largest?.bytes ?? 0) / 1024 ** 2)} MiB`;
  const limit = `100,000 files and 1 GiB`;
  throw new InputError("file-too-large", `${largest?.path} has ${has}, and a preview binds ${limit} at most`, {
    place: largest?.place,
    hint: "Bind the part that the service needs, or copy it into the image with its Dockerfile.",
  });
}
