import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What is measured: each proxy alone on the first core, what answers and what asks on the second. */
export const ports = { direct: 9180, nginx: 9181, caddy: 9182, mayfly: 9183, thousand: 9184 } as const;
export type Contender = keyof typeof ports;

/** The two cores: for the proxy under test, and for everything else. */
export const cores = { proxy: "0", rest: "1" };
export const host = "shop-pr-1.preview.localhost";
export const largeBytes = 10 * 1024 * 1024;

export type Field = AsyncDisposable & {
  /** Processor time that a contender has taken so far, its children's included. */
  readonly cpuMs: (contender: Contender) => number;
};

/** Starts nginx as the upstream, and nginx, Caddy and two gateways (one preview, a thousand) before it; disposing ends them. */
export async function setField(): Promise<Field> {
  await using closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "mayfly-gateway-"));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  for (const part of ["www", "up", "proxy"]) await mkdir(join(folder, part), { mode: 0o755 });
  await writeFile(join(folder, "www/small"), "x".repeat(1024));
  await writeFile(join(folder, "www/large"), Buffer.alloc(largeBytes, "x"));
  await writeFile(join(folder, "up.conf"), nginx(join(folder, "up"), upstreamOf(join(folder, "www"))));
  await writeFile(join(folder, "proxy.conf"), nginx(join(folder, "proxy"), nginxProxy));
  await writeFile(join(folder, "Caddyfile"), caddyfile);
  const start = (core: string, words: string[], environment: Record<string, string> = {}) =>
    closing.use(startPinned(core, words, environment));
  const site = (port: number, previews: number) => [
    process.execPath,
    resolve(import.meta.dirname, "site.ts"),
    ...[port, ports.direct, previews].map(String),
  ];
  const started: Record<Contender, Pinned> = {
    direct: start(cores.rest, ["nginx", "-c", join(folder, "up.conf")]),
    nginx: start(cores.proxy, ["nginx", "-c", join(folder, "proxy.conf")]),
    caddy: start(cores.proxy, ["caddy", "run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], {
      GOMAXPROCS: "1",
      HOME: folder,
    }),
    mayfly: start(cores.proxy, site(ports.mayfly, 1)),
    thousand: start(cores.proxy, site(ports.thousand, 1000)),
  };
  for (const port of Object.values(ports)) await accepts(port);
  const owned = closing.move();
  return {
    cpuMs: (contender) => cpuMsOf(started[contender].pid),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Pinned = AsyncDisposable & { readonly pid: number };

/** From the kernel's own count, in hundredths of a second (proc(5), stat). */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return (
    (Number(fields[11]) + Number(fields[12])) * 10 + children.reduce((sum, child) => sum + cpuMsOf(Number(child)), 0)
  );
}

function startPinned(core: string, words: string[], environment: Record<string, string>): Pinned {
  const child: ChildProcess = spawn("taskset", ["-c", core, ...words], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, ...environment },
  });
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function accepts(port: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await new Promise<boolean>((answer) => {
      socket.once("connect", () => answer(true)).once("error", () => answer(false));
    });
    socket.destroy();
    if (isUp) return;
    if (performance.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** One worker, kept connections, its files in a folder of its own. */
function nginx(folder: string, server: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off; worker_processes 1; user root; pid ${folder}/pid; error_log ${folder}/error;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 300;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
  ${server}
}
`;
}

function upstreamOf(root: string): string {
  return `open_file_cache max=10; server { listen 127.0.0.1:${ports.direct}; root ${root}; }`;
}

/** Buffered, as nginx does by itself: unbuffered it is half as fast on 10 MB. */
const nginxProxy = `upstream site { server 127.0.0.1:${ports.direct}; keepalive 64; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${ports.nginx}; location / {
    proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme; add_header X-Robots-Tag noindex;
  } }`;

const caddyfile = `{
  admin off
  auto_https off
  log {
    output discard
  }
}
http://:${ports.caddy} {
  bind 127.0.0.1
  header X-Robots-Tag noindex
  reverse_proxy 127.0.0.1:${ports.direct} {
    transport http {
      keepalive_idle_conns_per_host 64
    }
  }
}
`;
