import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { putLfsObject } from "../../demo/git-lfs.ts";
import { listen } from "../../demo/github-listener.ts";
import type { GitParts } from "../../src/domain/git-parts.ts";
import { createLfs } from "../../src/source/lfs.ts";
import { parsePointer } from "../../src/source/lfs-pointer.ts";
import { clock, commitEntries, createWorld, type Entry, token, type World } from "./world.ts";

const lfs: GitParts = { lfs: true, submodules: ["acme/design"] };
const attributes: Entry = {
  mode: "100644",
  path: ".gitattributes",
  content: "*.bin filter=lfs diff=lfs merge=lfs -text\n",
};
const pointerOf = (oid: string, size: number) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
const sum = (content: string) => createHash("sha256").update(content).digest("hex");

const checkOut = (world: World, commit: string, parts?: GitParts) =>
  world.source().checkout({ ...world.pull, ...(parts && { parts }) }, commit);

test.each<[string, string, boolean]>([
  ["as git-lfs writes it", pointerOf("a".repeat(64), 12), true],
  ["of an empty file", pointerOf("a".repeat(64), 0), true],
  ["with a hash that is a path", pointerOf("../".repeat(21) + "x", 12), false],
  ["with a negative size", pointerOf("a".repeat(64), -1), false],
  ["with more after it", `${pointerOf("a".repeat(64), 1)}more\n`, false],
  ["with another hash", pointerOf("a".repeat(64), 1).replace("sha256", "md5"), false],
  ["that is no pointer", "hello\n", false],
])("a pointer %s", (_what, text, isPointer) => {
  expect(parsePointer(text) !== null).toBe(isPointer);
});

test("where the operator allows it, files of Git LFS have their content, fetched once", async () => {
  await using world = await createWorld();
  const video = "v".repeat(200_000);
  const pointer = await putLfsObject(world.repository.path, video);
  const design = world.server.repository("acme/design");
  await design.create({ a: "" });
  const inside = await commitEntries(world.of(design), [
    attributes,
    { mode: "100644", path: "logo.bin", content: await putLfsObject(design.path, "logo") },
  ]);
  const commit = await commitEntries(world, [
    attributes,
    // A branch cannot say where its files come from.
    { mode: "100644", path: ".lfsconfig", content: "[lfs]\n\turl = http://127.0.0.1:1/evil\n" },
    { mode: "100644", path: "video.bin", content: pointer },
    { mode: "100755", path: "tool.bin", content: pointer },
    { mode: "100644", path: "pointer.txt", content: pointer },
    { mode: "100644", path: "small.bin", content: "never put into Git LFS" },
    { mode: "100644", path: ".gitmodules", content: '[submodule "design"]\n\tpath = design\n\turl = ../design\n' },
    { mode: "160000", path: "design", content: inside },
  ]);
  await using plain = await checkOut(world, commit);
  expect(plain.left).toEqual([
    { kind: "lfs", path: "tool.bin" },
    { kind: "lfs", path: "video.bin" },
    { kind: "submodule", path: "design", repository: "acme/design" },
  ]);
  expect(plain.readText("video.bin")).toBe(pointer);

  await using checkout = await checkOut(world, commit, lfs);
  expect(checkout.left).toEqual([]);
  expect(checkout.readText("video.bin")).toBe(video);
  expect(checkout.readText("tool.bin")).toBe(video);
  expect(lstatSync(join(checkout.root, "tool.bin")).mode & 0o111).not.toBe(0);
  expect(lstatSync(join(checkout.root, "video.bin")).mode & 0o111).toBe(0);
  expect(checkout.readText("pointer.txt")).toBe(pointer);
  expect(checkout.readText("small.bin")).toBe("never put into Git LFS");
  expect(checkout.readText("design/logo.bin")).toBe("logo");
  expect(await checkout.measure("video.bin")).toMatchObject({ files: 1, bytes: 200_000 + pointer.length });
  for (const path of [".", "video.bin"]) expect(await checkout.treeId(path)).not.toBe(await plain.treeId(path));
  expect(await checkout.treeId("pointer.txt")).toBe(await plain.treeId("pointer.txt"));
  const left = { ignores: (path: string) => path.endsWith(".bin") || path === "design" };
  expect(await checkout.treeId(".", left)).toBe(await plain.treeId(".", left));

  // A checkout that was disposed leaves what is kept, and nothing is fetched twice.
  await (await checkOut(world, commit, lfs))[Symbol.asyncDispose]();
  await world.server.down();
  await using again = await checkOut(world, commit, lfs);
  expect(again.readText("video.bin")).toBe(video);

  const kept = join(world.state, "mirrors", "7.git", "lfs", sum(video).slice(0, 2), sum(video));
  await world.source().sweep();
  expect(existsSync(kept)).toBe(true);
  await utimes(kept, 1, 1);
  await world.source().sweep();
  expect(existsSync(kept)).toBe(false);
});

test("an object that was never pushed is told with its path, and what to do", async () => {
  await using world = await createWorld();
  const commit = await commitEntries(world, [
    attributes,
    { mode: "100644", path: "video.bin", content: pointerOf("a".repeat(64), 5) },
  ]);
  await expect(checkOut(world, commit, lfs)).rejects.toMatchObject({
    code: "lfs-failed",
    message: "video.bin: the LFS server has no object aaaaaaaaaaaa: Object does not exist",
    hint: "Push it: `git lfs push --all origin BRANCH`.",
  });
  expect(readdirSync(join(world.state, "checkouts"))).toEqual([]);
});

test("more than a preview may have is refused before anything is fetched", async () => {
  await using world = await createWorld();
  const commit = await commitEntries(world, [
    attributes,
    { mode: "100644", path: "video.bin", content: pointerOf("a".repeat(64), 3 * 1024 ** 3) },
  ]);
  await expect(checkOut(world, commit, lfs)).rejects.toThrow(/1 files of Git LFS hold 3072 MiB, video.bin most of all/);
  expect(world.requests.some(({ path }) => path.includes("lfs"))).toBe(false);
});

type Answer = (request: IncomingMessage, response: ServerResponse, other: string) => void;
const content = "content";
const batch = (href: string, more: object = {}) =>
  JSON.stringify({ objects: [{ oid: sum(content), actions: { download: { href, ...more } } }] });

/** A forge that answers as it is told, another host beside it, and one pointer. */
async function against(answer: Answer) {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-lfs-"));
  const heard: { host: string; path: string; authorization: string | undefined }[] = [];
  const hear = (host: string, request: IncomingMessage) =>
    heard.push({ host, path: request.url ?? "", authorization: request.headers.authorization });
  await using closing = new AsyncDisposableStack();
  closing.defer(() => rm(folder, { recursive: true }));
  const other = closing.use(
    await listen((request, response) => {
      hear("other", request);
      response.end(content);
    }),
  );
  const forge = closing.use(
    await listen((request, response) => {
      hear("forge", request);
      answer(request, response, other.url);
    }),
  );
  await writeFile(join(folder, "a.bin"), "pointer");
  const layOut = createLfs({
    webUrl: forge.url,
    token: async () => token,
    randomId: () => "random",
    clock,
    timeoutMs: 2000,
  });
  const files = [{ path: "a.bin", oid: sum(content), size: content.length }];
  const error = await layOut(folder, files, { repository: "acme/shop", mirror: join(folder, "mirror") }).then(
    () => null,
    (thrown: unknown) => thrown as { code: string; message: string },
  );
  const kept = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    /tmp_|[0-9a-f]{64}/.test(name),
  );
  return { error, heard, text: await readFile(join(folder, "a.bin"), "utf8"), kept };
}
const isBatch = ({ url }: IncomingMessage) => url === "/acme/shop.git/info/lfs/objects/batch";
/** The forge names itself; this is what it sends then. */
const sends =
  (send: (response: ServerResponse, other: string) => void): Answer =>
  (request, response, other) => {
    if (isBatch(request)) response.end(batch(`http://${request.headers.host}/object`));
    else send(response, other);
  };

test.each<[string, Answer, string, RegExp]>([
  ["other content", sends((response) => response.end("CONTENT")), "lfs-failed", /a.bin: .* not what its pointer names/],
  ["more", sends((response) => response.end("content and more")), "lfs-failed", /a.bin: .* more than 7 bytes/],
  ["less", sends((response) => response.end("con")), "lfs-failed", /a.bin: .* not what its pointer names/],
  ["without end", sends((response) => void response.write("con")), "lfs-failed", /took too long/],
  ["a redirect", sends((response, other) => response.writeHead(302, { location: other }).end()), "lfs-failed", /302/],
  [
    "a redirect when it is asked",
    (_, response, other) => void response.writeHead(307, { location: other }).end(),
    "lfs-failed",
    /could not be asked: it answered 307/,
  ],
  [
    "a refusal",
    (_, response) => void response.writeHead(403).end(),
    "git-refused",
    /refused to let us read acme\/shop/,
  ],
  ["no JSON", (_, response) => void response.end("<html>"), "lfs-failed", /could not be asked/],
  ["null", (_, response) => void response.end("null"), "lfs-failed", /has no object/],
  [
    "an answer too long",
    (_, response) => void response.end("x".repeat(5 * 1024 ** 2)),
    "lfs-failed",
    /longer than 4 MiB/,
  ],
  ["a file's address", (_, response) => void response.end(batch("file:///etc/passwd")), "lfs-failed", /not HTTPS/],
])("an LFS server that sends %s changes nothing", async (_what, answer, code, message) => {
  const { error, heard, text, kept } = await against(answer);
  expect(error).toMatchObject({ code });
  expect(error?.message).toMatch(message);
  expect({ text, kept }).toEqual({ text: "pointer", kept: [] });
  expect(heard.filter(({ host }) => host === "other")).toEqual([]);
});

test("another host is told what the forge gives for it, never our token", async () => {
  const { error, heard, text } = await against((_, response, other) => {
    response.end(batch(`${other}/object`, { header: { Authorization: "RemoteAuth signed", "X-Number": 3 } }));
  });
  expect({ error, text }).toEqual({ error: null, text: content });
  expect(heard).toEqual([
    {
      host: "forge",
      path: "/acme/shop.git/info/lfs/objects/batch",
      authorization: expect.stringMatching(/^Basic /) as string,
    },
    { host: "other", path: "/object", authorization: "RemoteAuth signed" },
  ]);
});
