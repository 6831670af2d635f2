import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

/** A registry on loopback, which engines speak plain HTTP with, that wants a login; it has one image. */
export type PrivateRegistry = AsyncDisposable & {
  host: string;
  account: { username: string; password: string };
  /** The image's reference; it holds one file, `/hello`. */
  image: string;
  /** Names and passwords that came, and whether they were let in. */
  logins: string[];
  /** Lets everybody in from now on. */
  open(): void;
};

/** Serves the pull half of the distribution API (opencontainers/distribution-spec) behind Basic authentication. */
export async function startRegistry(): Promise<PrivateRegistry> {
  const account = { username: "bot", password: "registry/p4ss+word" };
  const parts = await makeImage();
  const logins: string[] = [];
  let isOpen = false;
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const said = Buffer.from(request.headers.authorization?.slice("Basic ".length) ?? "", "base64").toString();
    if (said !== "") logins.push(said);
    if (!isOpen && said !== `${account.username}:${account.password}`) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="test"' }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
      return;
    }
    const part = request.url === "/v2/" ? { type: "application/json", bytes: Buffer.from("{}") } : partOf(request.url);
    if (!part) {
      response.writeHead(404).end();
      return;
    }
    const headers = {
      "content-type": part.type,
      "content-length": part.bytes.length,
      "docker-content-digest": digest(part.bytes),
    };
    response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : part.bytes);
  };
  const partOf = (url = "") => {
    const name = url.slice(url.lastIndexOf("/") + 1);
    return parts.find(({ bytes, tag }) => tag === name || digest(bytes) === decodeURIComponent(name));
  };
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return {
    host,
    account,
    image: `${host}/private/base:1`,
    logins,
    open: () => {
      isOpen = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function makeImage() {
  const tar = pack();
  // Another text each time: the engine keeps layers, and is to fetch this one.
  tar.entry({ name: "hello" }, `hello from ${performance.timeOrigin}${performance.now()}\n`);
  tar.finalize();
  const files = await buffer(tar);
  const layer = gzipSync(files);
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const config = json({ architecture, os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [digest(files)] } });
  const type = (name: string) => `application/vnd.docker.${name}`;
  const part = (mediaType: string, bytes: Buffer) => ({ mediaType, size: bytes.length, digest: digest(bytes) });
  const manifest = json({
    schemaVersion: 2,
    mediaType: type("distribution.manifest.v2+json"),
    config: part(type("container.image.v1+json"), config),
    layers: [part(type("image.rootfs.diff.tar.gzip"), layer)],
  });
  return [
    { type: type("distribution.manifest.v2+json"), bytes: manifest, tag: "1" },
    { type: "application/octet-stream", bytes: config, tag: null },
    { type: "application/octet-stream", bytes: layer, tag: null },
  ];
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const digest = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
