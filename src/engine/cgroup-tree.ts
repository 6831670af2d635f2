import { chown, mkdir, readdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The kernel's control groups as this process sees them: one hierarchy (version 2), or one for each controller (version 1). */
export type CgroupTree = { version: 1 | 2; root: string; hierarchies: string[] };

/** Where all groups of builds lie. */
const parent = "mayfly-builds";

/** Null where there is none to limit memory in. */
export async function findCgroups(root = "/sys/fs/cgroup"): Promise<CgroupTree | null> {
  if (await isThere(join(root, "cgroup.controllers"))) return { version: 2, root, hierarchies: [root] };
  // `cpuacct` may be a link to `cpu,cpuacct`: each hierarchy once.
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name));
  const hierarchies = (
    await Promise.all(folders.map(async (path) => ((await isThere(join(path, "cgroup.procs"))) ? [path] : [])))
  ).flat();
  return hierarchies.includes(join(root, "memory")) ? { version: 1, root, hierarchies } : null;
}

export type Owner = { uid: number; gid: number };

/**
 * Makes the group that all groups of builds lie in, and gives it to `owner`, who can then make those without being
 * root. Any number of times; a reboot takes it away. Throws the file system's own error: it takes root.
 */
export async function prepareCgroups(tree: CgroupTree, owner: Owner | null): Promise<void> {
  for (const hierarchy of tree.hierarchies) {
    const path = join(hierarchy, parent);
    await mkdir(path, { recursive: true });
    if (tree.version === 2) await delegate(path, hierarchy);
    if (owner === null) continue;
    // What a group is delegated by (kernel.org, admin-guide/cgroup-v2, "Delegation"); of version 1 the folder is enough.
    const own = tree.version === 2 ? ["", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"] : [""];
    for (const name of own) await chown(join(path, name), owner.uid, owner.gid);
  }
}

async function delegate(path: string, above: string): Promise<void> {
  for (const each of [above, path]) await writeFile(join(each, "cgroup.subtree_control"), "+memory +pids");
}

/** Makes a group by name with its limits: in each hierarchy, with the folder in it that BuildKit puts its steps into. */
export async function makeGroup(
  tree: CgroupTree,
  name: string,
  limits: { memoryBytes: number; processes: number },
): Promise<void> {
  for (const hierarchy of tree.hierarchies) {
    const path = join(hierarchy, parent, name);
    await mkdir(path);
    await limit(tree, path, limits);
    // Ours, so that it can be removed without being root.
    await mkdir(join(path, "buildkit"));
  }
}

async function limit(
  { version, root }: CgroupTree,
  path: string,
  { memoryBytes, processes }: { memoryBytes: number; processes: number },
): Promise<void> {
  const is = (controller: string) => version === 2 || path.startsWith(`${join(root, controller)}/`);
  const bytes = String(memoryBytes);
  if (is("pids")) await writeFile(join(path, "pids.max"), String(processes));
  if (!is("memory")) return;
  if (version === 2) {
    await writeFile(join(path, "memory.max"), bytes);
    await writeIfThere(join(path, "memory.swap.max"), "0");
    return;
  }
  // Older kernels count a group's own memory only, unless told.
  if ((await readFile(join(path, "memory.use_hierarchy"), "utf8")).trim() === "0")
    await writeFile(join(path, "memory.use_hierarchy"), "1");
  await writeFile(join(path, "memory.limit_in_bytes"), bytes);
  await writeIfThere(join(path, "memory.memsw.limit_in_bytes"), bytes);
}

/** What a group's memory came to: the most that was used, and whether the limit was met, or something killed for it. */
export async function memoryOf(
  { version, root }: CgroupTree,
  name: string,
): Promise<{ peakBytes: number | null; met: boolean; killed: boolean }> {
  const path = version === 2 ? join(root, parent, name) : join(root, "memory", parent, name);
  // A file that this kernel does not have tells nothing.
  const read = (file: string) => readFile(join(path, file), "utf8").catch(() => "");
  if (version === 1) {
    // What was killed is counted where it was, in a step's own group, which is gone with it; refusals are not counted at
    // all by newer kernels (6.18: `memory.failcnt` stays 0).
    const [peak, limit] = [await read("memory.max_usage_in_bytes"), await read("memory.limit_in_bytes")].map(Number);
    return { peakBytes: peak ?? null, met: (peak ?? 0) >= (limit ?? 0) - chargeBytes, killed: false };
  }
  const events = await read("memory.events");
  const count = (event: string) => Number(new RegExp(`^${event} (\\d+)`, "m").exec(events)?.[1] ?? 0);
  const peak = await read("memory.peak");
  return { peakBytes: peak === "" ? null : Number(peak), met: count("max") > 0, killed: count("oom_kill") > 0 };
}

/** Memory is taken from a group in lots, so that one that is used up may seem to have some left. */
const chargeBytes = 2 ** 20;

/** Removes a group that nothing runs in any more; false when something does. */
export async function removeGroup(tree: CgroupTree, name: string): Promise<boolean> {
  const removed = await Promise.all(tree.hierarchies.map((hierarchy) => removeEmpty(join(hierarchy, parent, name))));
  return removed.every(Boolean);
}

/** Groups by name that were made before that moment (epoch milliseconds). */
export async function groupsBefore(tree: CgroupTree, moment: number): Promise<string[]> {
  const names = new Set<string>();
  for (const hierarchy of tree.hierarchies) {
    const folder = join(hierarchy, parent);
    // Where nothing was built there is no such folder, and a group may end while it is looked at.
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory()) continue;
      const made = await stat(join(folder, entry.name)).catch(() => null);
      if (made && made.mtimeMs < moment) names.add(entry.name);
    }
  }
  return [...names];
}

async function removeEmpty(path: string): Promise<boolean> {
  // What cannot be listed is gone already; if it is not, its removal below tells.
  const inner = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of inner) if (entry.isDirectory()) await removeEmpty(join(path, entry.name));
  return rmdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
}

async function writeIfThere(path: string, text: string): Promise<void> {
  if (await isThere(path)) await writeFile(path, text);
}

/** Which files a group has depends on the hierarchy; one that is not to be seen cannot be written either. */
async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
