import { posix } from "node:path";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import type { EntryFile } from "../domain/facts.ts";
import { allow } from "./docker.ts";

type Started = Pick<Docker.ContainerInspectInfo, "Id" | "Path" | "Config">;

/** Links from one name to another are followed so often. */
const mostLinks = 5;

/**
 * Looks at the file that a container starts with, running or not; null for what is looked up in `PATH`, and where there
 * is none. No more than its beginning is read. Throws EngineError.
 */
export async function readEntryFile(docker: Docker, { Id, Path, Config }: Started): Promise<EntryFile | null> {
  if (!Path.includes("/")) return null;
  const path = posix.resolve(Config.WorkingDir || "/", Path);
  let at = path;
  for (let links = 0; links < mostLinks; links++) {
    const found = await readBeginning(docker, Id, at);
    if (found === null) return null;
    if (found.leadsTo === null)
      return { path, isExecutable: (found.mode & 0o111) !== 0, form: formOf(found.beginning) };
    at = posix.resolve(posix.dirname(at), found.leadsTo);
  }
  return null;
}

type Beginning = { mode: number; beginning: Buffer; leadsTo: string | null };

async function readBeginning(docker: Docker, container: string, path: string): Promise<Beginning | null> {
  const archive = (await allow(docker.getContainer(container).getArchive({ path }), 404)) as Readable | null;
  if (archive === null) return null;
  const entries = extract();
  archive.on("error", (error) => entries.destroy(error));
  archive.pipe(entries);
  try {
    for await (const entry of entries) {
      const { mode, type, linkname } = entry.header;
      if (type === "symlink") return { mode, beginning: Buffer.alloc(0), leadsTo: linkname ?? "" };
      if (type !== "file") return null;
      for await (const chunk of entry) return { mode, beginning: (chunk as Buffer).subarray(0, 256), leadsTo: null };
      return { mode, beginning: Buffer.alloc(0), leadsTo: null };
    }
    return null;
  } finally {
    archive.unpipe(entries);
    archive.destroy();
  }
}

/** By the numbers that stand in an ELF header. */
const machines: Record<number, string> = {
  3: "386",
  21: "ppc64le",
  22: "s390x",
  40: "arm",
  62: "amd64",
  183: "arm64",
  243: "riscv64",
};

function formOf(beginning: Buffer): EntryFile["form"] {
  if (beginning.subarray(0, 4).toString("latin1") === "\x7fELF" && beginning.length >= 20)
    return { kind: "program", architecture: machines[beginning.readUInt16LE(18)] ?? null };
  const text = beginning.toString("latin1");
  if (!text.startsWith("#!")) return { kind: "text" };
  return { kind: "script", interpreter: (text.slice(2).split("\n")[0] ?? "").replace(/^ +/, "") };
}
