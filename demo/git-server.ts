import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { answerLfs } from "./git-lfs.ts";
import { listen, type Handler } from "./github-listener.ts";
import { openRepository, type Repository } from "./github-repository.ts";

/** One request as it was answered. */
export type GitRequest = { method: string; path: string; status: number; protocol: string | null; durationMs: number };

export type GitBackendOptions = {
  /** Folder that holds the bare repositories as OWNER/REPO.git. */
  root: string;
  /** Asked for every request; `token` is the password of Basic auth, or null. Without it everybody may read. */
  mayRead?: (repository: string, token: string | null) => boolean;
  log?: (request: GitRequest) => void;
};

export type GitBackend = {
  /** True when a URL's path belongs to git. */
  owns: (path: string) => boolean;
  handle: Handler;
  /** `owner/name`; it need not exist yet. */
  repository: (name: string) => Repository;
  /** Puts a repository under another name. */
  move(from: string, to: string): Promise<void>;
};

export type GitServerOptions = Omit<GitBackendOptions, "mayRead"> & {
  port?: number;
  /** Required as the password of Basic auth (`x-access-token:TOKEN`) when given. */
  token?: string;
};

export type GitServer = AsyncDisposable & {
  url: string;
  port: number;
  repository: (name: string) => Repository;
  /** Refuses connections until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
};

/** A git server of its own: clones and fetches over HTTP, as from GitHub. */
export async function createGitServer(options: GitServerOptions): Promise<GitServer> {
  const { token, port, ...rest } = options;
  const backend = createGitBackend({
    ...rest,
    ...(token === undefined ? {} : { mayRead: (_: string, given: string | null) => given === token }),
  });
  const listener = await listen(backend.handle, port);
  return { ...listener, repository: backend.repository };
}

const path = /^\/([\w-][\w.-]*\/[\w-][\w.-]*)\.git(\/.*)$/;

/**
 * Smart HTTP by real git (`git http-backend`, a CGI program), for mounting into a server. Read-only: http-backend
 * refuses pushes from people whom the web server does not name.
 */
export function createGitBackend({ root, mayRead, log }: GitBackendOptions): GitBackend {
  const repositories = new Map<string, Repository>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://git");
    const [, repository, rest = ""] = path.exec(url.pathname) ?? [];
    if (repository === undefined) return refuse(response, 404, "not a repository");
    if (mayRead !== undefined && !mayRead(repository, passwordOf(request))) {
      response.setHeader("WWW-Authenticate", 'Basic realm="GitHub"');
      return refuse(response, 401, "Bad credentials");
    }
    if (await answerLfs({ repositoryPath: join(root, `${repository}.git`), rest }, request, response)) return;
    const child = spawn("git", ["http-backend"], { env: { ...cgiVariables(request, url), GIT_PROJECT_ROOT: root } });
    response.once("close", () => child.kill());
    await relay(request, child, response);
  }

  return {
    owns: (pathname) => path.test(pathname),
    handle: (request, response) => {
      const startedAt = performance.now();
      response.once("close", () => log?.(describe(request, response, startedAt)));
      answer(request, response).catch(() => response.destroy());
    },
    async move(from, to) {
      const target = join(root, `${to}.git`);
      await mkdir(dirname(target), { recursive: true });
      await rename(join(root, `${from}.git`), target);
      repositories.delete(from);
    },
    repository(name) {
      const known = repositories.get(name) ?? openRepository(join(root, `${name}.git`));
      repositories.set(name, known);
      return known;
    },
  };
}

function passwordOf(request: IncomingMessage): string | null {
  const [scheme, encoded] = (request.headers.authorization ?? "").split(" ");
  if (scheme?.toLowerCase() !== "basic" || encoded === undefined) return null;
  const decoded = Buffer.from(encoded, "base64").toString();
  return decoded.slice(decoded.indexOf(":") + 1);
}

/** RFC 3875 section 4.1; http-backend unpacks gzip by itself, and speaks protocol v2 when GIT_PROTOCOL says so. */
function cgiVariables(request: IncomingMessage, url: URL): NodeJS.ProcessEnv {
  const { headers } = request;
  return {
    PATH: process.env["PATH"],
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_HTTP_EXPORT_ALL: "1",
    REQUEST_METHOD: request.method,
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: headers["content-type"] ?? "",
    HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
    GIT_PROTOCOL: protocolOf(request) ?? "",
    REMOTE_ADDR: request.socket.remoteAddress ?? "",
    ...(headers["content-length"] === undefined ? {} : { CONTENT_LENGTH: headers["content-length"] }),
  };
}

function protocolOf(request: IncomingMessage): string | null {
  const header = request.headers["git-protocol"];
  return typeof header === "string" ? header : null;
}

async function relay(
  request: IncomingMessage,
  child: ChildProcessWithoutNullStreams,
  response: ServerResponse,
): Promise<void> {
  child.stderr.resume();
  // git may answer before it has read everything: what it does not want is no failure of ours.
  pipeline(request, child.stdin).catch(() => child.stdin.destroy());
  const { head, rest } = await readHead(child.stdout);
  const headers = head.split("\r\n").map((line) => line.split(/: */, 2) as [string, string]);
  const status = headers.find(([name]) => name.toLowerCase() === "status")?.[1] ?? "200";
  for (const [name, value] of headers) if (name.toLowerCase() !== "status") response.setHeader(name, value);
  response.writeHead(Number.parseInt(status, 10));
  response.write(rest);
  await pipeline(child.stdout, response);
}

async function readHead(stream: Readable): Promise<{ head: string; rest: Buffer }> {
  let seen = Buffer.alloc(0);
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    seen = Buffer.concat([seen, chunk as Buffer]);
    const end = seen.indexOf("\r\n\r\n");
    if (end >= 0) return { head: seen.subarray(0, end).toString(), rest: seen.subarray(end + 4) };
  }
  throw new Error("git http-backend ended without an answer");
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain" }).end(`${text}\n`);
}

function describe(request: IncomingMessage, response: ServerResponse, startedAt: number): GitRequest {
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    status: response.statusCode,
    protocol: protocolOf(request),
    durationMs: Math.round(performance.now() - startedAt),
  };
}
