import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { docker } from "./machine.ts";

/** The same product for Docker Compose, in a folder of its own; disposing it removes all of it. */
export type Peer = AsyncDisposable & {
  write(path: string, text: string): Promise<void>;
  compose(...words: string[]): Promise<string>;
  docker(...words: string[]): Promise<string>;
};

/** Writes the product's files, and whatever is laid over them, for a Compose project of that name. */
export async function createPeer(project: string, files: Readonly<Record<string, string>>): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), `${project}-`));
  const write: Peer["write"] = async (path, text) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const call = (...words: string[]) => docker(words, { cwd: folder });
  const compose: Peer["compose"] = (...words) => call("compose", "-p", project, ...words);
  return {
    write,
    compose,
    docker: call,
    async [Symbol.asyncDispose]() {
      await compose("down", "-v", "--rmi", "local");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
