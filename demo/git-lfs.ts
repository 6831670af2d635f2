import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";

/** Puts content into a repository's LFS store, and answers the pointer to commit in its place. */
export async function putLfsObject(repositoryPath: string, content: string | Buffer): Promise<string> {
  const oid = createHash("sha256").update(content).digest("hex");
  await mkdir(join(repositoryPath, "lfs"), { recursive: true });
  await writeFile(join(repositoryPath, "lfs", oid), content);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${Buffer.byteLength(content)}\n`;
}

type Batch = { objects: { oid: string; size: number }[] };

/** Answers what GitHub's LFS server answers to downloads (git-lfs, docs/api/batch.md); false for what is not LFS. */
export async function answerLfs(
  { repositoryPath, rest }: { repositoryPath: string; rest: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const [, asked] = /^\/info\/lfs\/objects\/(batch|[0-9a-f]{64})$/.exec(rest) ?? [];
  if (asked === undefined) return false;
  if (asked !== "batch") {
    response.writeHead(200);
    createReadStream(join(repositoryPath, "lfs", asked)).pipe(response);
    return true;
  }
  const { objects } = (await json(request)) as Batch;
  const base = `http://${request.headers.host}${request.url?.replace(/batch$/, "")}`;
  const header = { Authorization: request.headers.authorization };
  const answered = objects.map(async ({ oid, size }) => {
    const found = await stat(join(repositoryPath, "lfs", oid)).catch(() => null);
    if (found === null) return { oid, size, error: { code: 404, message: "Object does not exist" } };
    return { oid, size, actions: { download: { href: base + oid, header } } };
  });
  response.writeHead(200, { "Content-Type": "application/vnd.git-lfs+json" });
  response.end(JSON.stringify({ transfer: "basic", objects: await Promise.all(answered) }));
  return true;
}
