import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { MayflyError, SourceError } from "../domain/errors.ts";
import type { LfsFile } from "./lfs.ts";
import { basicAuthorization, type TokenOf, withToken } from "./token.ts";

/** Where one object is to be had, and what its own server wants to be told. */
export type Download = { file: LfsFile; url: URL; headers: Record<string, string> };

export type LfsServer = {
  locate(repository: string, files: readonly LfsFile[], signal: AbortSignal): Promise<Download[]>;
  /** Writes the object to a file that is not there yet, once it is sure to be what its pointer says. */
  download(from: Download, to: string, signal: AbortSignal): Promise<void>;
};

const mediaType = "application/vnd.git-lfs+json";
/** A hundred signed addresses take some 200 KB. */
const mostAnswerBytes = 4 * 1024 ** 2;

/**
 * The LFS server of the forge (git-lfs, docs/api/batch.md and docs/api/basic-transfers.md); what a branch's `.lfsconfig` says does not
 * count. Our token goes to the forge alone, no redirect is followed, and nothing is taken that is larger or other than
 * its pointer says. Throws SourceError `lfs-failed`, `git-refused`.
 */
export function createLfsServer({ webUrl, token }: { webUrl: string; token: TokenOf }): LfsServer {
  const forge = new URL(webUrl);

  async function locate(repository: string, files: readonly LfsFile[], signal: AbortSignal): Promise<Download[]> {
    const isRefused = (error: unknown) => error instanceof SourceError && error.code === "git-refused";
    const answer = await withToken({ token, repository, isRefused }, (given) =>
      telling(`the LFS server of ${repository} could not be asked`, signal, () =>
        ask(repository, files, given, signal),
      ),
    );
    return files.map((file) => downloadOf(file, answer, forge));
  }

  async function ask(repository: string, files: readonly LfsFile[], given: string | null, signal: AbortSignal) {
    const objects = files.map(({ oid, size }) => ({ oid, size }));
    const response = await fetch(`${webUrl}/${repository}.git/info/lfs/objects/batch`, {
      method: "POST",
      redirect: "manual",
      signal,
      headers: {
        accept: mediaType,
        "content-type": mediaType,
        ...(given !== null && { authorization: basicAuthorization(given) }),
      },
      body: JSON.stringify({ operation: "download", transfers: ["basic"], objects, hash_algo: "sha256" }),
    });
    if (response.status === 200) return JSON.parse(await readText(response)) as unknown;
    await response.body?.cancel();
    if (![401, 403, 404].includes(response.status)) throw new Error(`it answered ${response.status}`);
    const hint = `Git LFS is switched on for this repository in server.yaml: give our token read access to ${repository}, or set git.lfs to false.`;
    throw new SourceError("git-refused", `the LFS server refused to let us read ${repository}`, { hint });
  }

  async function download({ file, url, headers }: Download, to: string, signal: AbortSignal): Promise<void> {
    await telling(`${file.path}: its content could not be fetched from ${url.host}`, signal, async () => {
      const response = await fetch(url, { redirect: "manual", signal, headers });
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel();
        throw new Error(`it answered ${response.status}`);
      }
      // Opened first: a stream that opens it by itself may do so after a failure, when it was removed.
      const target = await open(to, "wx", 0o644);
      await pipeline(response.body, checked(file), target.createWriteStream());
    });
  }

  return { locate, download };
}

/** Passes on what an object's pointer promises; throws SourceError `lfs-failed` for anything else. */
function checked({ path, oid, size }: LfsFile) {
  return async function* check(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.byteLength;
      if (bytes > size) throw new SourceError("lfs-failed", `${path}: the LFS server sent more than ${size} bytes`);
      hash.update(chunk);
      yield chunk;
    }
    if (bytes === size && hash.digest("hex") === oid) return;
    throw new SourceError("lfs-failed", `${path}: what the LFS server sent is not what its pointer names`);
  };
}

type Listed = { oid?: unknown; error?: { message?: unknown }; actions?: { download?: Action } } | null;
type Action = { href?: unknown; header?: unknown } | null;

function downloadOf(file: LfsFile, answer: unknown, forge: URL): Download {
  const objects = (answer as { objects?: unknown } | null)?.objects;
  const listed = (Array.isArray(objects) ? (objects as Listed[]) : []).find((object) => object?.oid === file.oid);
  const action = listed?.actions?.download;
  const href = typeof action?.href === "string" && URL.canParse(action.href) ? new URL(action.href) : null;
  if (!action || href === null) {
    const said = typeof listed?.error?.message === "string" ? `: ${listed.error.message.slice(0, 100)}` : "";
    const what = `${file.path}: the LFS server has no object ${file.oid.slice(0, 12)}${said}`;
    throw new SourceError("lfs-failed", what, { hint: "Push it: `git lfs push --all origin BRANCH`." });
  }
  if (href.protocol !== "https:" && href.protocol !== forge.protocol)
    throw new SourceError("lfs-failed", `${file.path}: the LFS server names an address that is not HTTPS`);
  const told = Object.entries(action.header ?? {}).filter((entry): entry is [string, string] => {
    return typeof entry[1] === "string";
  });
  return { file, url: href, headers: { "accept-encoding": "identity", ...Object.fromEntries(told) } };
}

/** A failure of the network as ours, which passes; what we say ourselves stays as it is. */
async function telling<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof MayflyError) throw cause;
    const why = signal.aborted ? "it took too long" : String(cause instanceof Error ? cause.message : cause);
    throw new SourceError("lfs-failed", `${what}: ${why.slice(0, 200)}`, { cause, retry: "backoff" });
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostAnswerBytes) throw new Error("its answer is longer than 4 MiB");
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}
