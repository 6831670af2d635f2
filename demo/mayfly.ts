import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { once } from "node:events";
import { request } from "node:http";
import { join, resolve } from "node:path";
import type { PreviewView } from "../src/domain/view.ts";

/** A Mayfly of its own, as an operator starts it: another process, a server file, a state folder. */
export type Mayfly = AsyncDisposable & {
  url: string;
  port: number;
  token: string;
  dashboardLink: string;
  /** The file its log goes to. */
  logFile: string;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Resolves when the process that was started last has ended, by whatever. */
  ended(): Promise<void>;
  /** Asks it to stop. */
  stop(): Promise<void>;
  /** Starts it again on the same state. */
  start(): Promise<void>;
  /** Starts a second one that takes over from it; resolves to what the first one's exit code was. */
  replace(): Promise<number | null>;
  api<T>(path: string, options?: { method?: string }): Promise<T>;
  /** All of them, gone ones too. */
  show(id: string): Promise<PreviewView | null>;
  /** One request through the gateway; `url` as a reviewer clicks it. Node does not resolve `*.localhost`, so the Host is said. */
  visit(url: string, options?: VisitOptions): Promise<Visit>;
};

export type VisitOptions = { method?: string; headers?: Record<string, string>; body?: string };
export type Visit = { status: number; body: string; headers: Record<string, string | string[] | undefined> };

const main = resolve(import.meta.dirname, "../src/main.ts");

/** Starts Mayfly with the server file `<folder>/server.yaml`; resolves when it is ready, and rejects with its log when it ends first. */
export async function startMayfly(options: {
  folder: string;
  port: number;
  environment?: Record<string, string>;
  /** What `serve` and its options are given to; this checkout by default. */
  program?: string[];
}): Promise<Mayfly> {
  const { folder, port } = options;
  const logFile = join(folder, "mayfly.log");
  const config = join(folder, "server.yaml");
  const url = `http://localhost:${port}`;
  const [program = "", ...words] = options.program ?? [process.execPath, main];
  let child: ChildProcess | undefined;

  const start = async (...more: string[]): Promise<void> => {
    const output = createWriteStream(logFile, { flags: "a" });
    await once(output, "open");
    child = spawn(program, [...words, "serve", "--config", config, ...more], {
      stdio: ["ignore", output, output],
      env: { ...process.env, ...options.environment },
    });
    const started = new AbortController();
    const exited = once(child, "exit").then(([code]) => {
      const log = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-15).join("\n");
      throw new Error(`Mayfly ended with code ${String(code)}:\n${log}`);
    });
    await Promise.race([exited, isReady(port, started.signal)]).finally(() => started.abort());
    exited.catch(() => {
      // Whoever ends it awaits the exit; nobody else needs to know.
    });
  };
  const ended = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, "exit");
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const exited = ended();
    child?.kill(signal);
    await exited;
  };
  await start();
  const token = readFileSync(join(folder, "state", "api-token"), "utf8").trim();

  const api = async <T>(path: string, { method = "GET" }: { method?: string } = {}): Promise<T> => {
    const answer = await send(port, {
      path,
      method,
      headers: { host: `localhost:${port}`, authorization: `Bearer ${token}` },
    });
    if (answer.status >= 400)
      throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${answer.body}`), { status: answer.status });
    return JSON.parse(answer.body) as T;
  };
  return {
    url,
    port,
    token,
    logFile,
    dashboardLink: `${url}/?token=${token}`,
    kill: () => end("SIGKILL"),
    ended,
    stop: () => end("SIGTERM"),
    start: () => start(),
    async replace() {
      const exited = child === undefined ? Promise.resolve([null]) : once(child, "exit");
      await start("--replace");
      const [code] = (await exited) as [number | null];
      return code;
    },
    api,
    show: (id) =>
      api<PreviewView>(`/api/previews/${encodeURIComponent(id)}`).catch((error: unknown) => {
        if ((error as { status?: number }).status === 404) return null;
        throw error;
      }),
    visit: (link, { method = "GET", headers = {}, body } = {}) => {
      const target = new URL(link);
      const sent = { path: target.pathname + target.search, method, headers: { host: target.host, ...headers } };
      return send(port, body === undefined ? sent : { ...sent, body });
    },
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}

async function isReady(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await send(port, { path: "/readyz", method: "GET", headers: { host: `localhost:${port}` } }).catch(
      () => null,
    );
    if (answer?.status === 200) return;
    await new Promise((wait) => setTimeout(wait, 50));
  }
}

type Sent = { path: string; method: string; headers: Record<string, string>; body?: string };

function send(port: number, { body, ...sent }: Sent): Promise<Visit> {
  return new Promise((done, fail) => {
    const call = request({ host: "127.0.0.1", port, agent: false, ...sent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () =>
        done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), headers: response.headers }),
      );
    });
    call.on("error", fail);
    call.end(body);
  });
}
