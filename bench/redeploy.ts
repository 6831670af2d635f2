import { request } from "node:http";
import { setStage, type Stage } from "../demo/stage.ts";
import { load, pause, until } from "./machine.ts";
import { startSteady } from "./steady-load.ts";
import { createPeer, type Peer } from "./peer.ts";
import { printTable } from "./table.ts";

const repository = "acme/busy";
const slug = "busy-pr-1";
const bootMs = 1500;
const perSecond = 50;
const settleMs = 2000;
const calmMs = 10_000;
/** Asking is work for the server as well. */
const lookMs = 200;
const pushes = 3;
/** Where Compose publishes its copy. */
const peerPort = 18_391;

const files = {
  "compose.yaml": `services:
  web:
    build: web
    ports: ["\${PEER_PORT:-3000}:3000"]
    restart: unless-stopped
    depends_on: { db: { condition: service_started } }
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: bench }
    volumes: ["data:/var/lib/postgresql/data"]
volumes: { data: }
`,
  "web/Dockerfile": 'FROM node:24\nCOPY . /app\nCMD ["node", "/app/server.js"]\n',
  "web/version.txt": "0",
  // It boots slowly, and ends in good order: what is under way is answered first.
  "web/server.js": `const version = require("node:fs").readFileSync("/app/version.txt", "utf8");
const server = require("node:http").createServer((q, r) => r.end(version));
setTimeout(() => server.listen(3000, "0.0.0.0"), ${bootMs});
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`,
};

/**
 * Fifty requests a second while a push is deployed, three times, through Mayfly; and to the same product while
 * `docker compose up -d --build` replaces it. Failed is any answer but 200, and none. p99 is of
 * those answered with 200, in the time before the first push and in the time of the pushes.
 */
export async function benchRedeploy(): Promise<Record<string, unknown>> {
  const loadBefore = load();
  const repositories = [{ name: repository, files, collaborators: { ann: "admin" as const } }];
  const ours = await ofMayfly(repositories);
  const theirs = await ofCompose();
  printTable([
    ["at 50 requests a second", "requests", "failed", "p99 before, ms", "p99 during, ms"],
    row("mayfly: three pushes", ours),
    row("docker compose up -d --build", theirs),
  ]);
  const p99Ratio = Number((ours.duringMs / ours.beforeMs).toFixed(2));
  return {
    failed: ours.failed,
    requests: ours.requests,
    composeFailed: theirs.failed,
    composeRequests: theirs.requests,
    p99Ratio,
    p99BeforeMs: ours.beforeMs,
    p99DuringMs: ours.duringMs,
    bootMs,
    pushes,
    load: [loadBefore, load()],
  };
}

type Found = { requests: number; failed: number; beforeMs: number; duringMs: number };

function row(name: string, { requests, failed, beforeMs, duringMs }: Found): string[] {
  return [name, String(requests), String(failed), beforeMs.toFixed(1), duringMs.toFixed(1)];
}

async function ofMayfly(
  repositories: { name: string; files: Record<string, string>; collaborators: { ann: "admin" } }[],
): Promise<Found> {
  await using stage = await setStage({ users: ["ann"], repositories });
  const { github, mayfly } = stage;
  const push = (version: number) =>
    github.push({ repo: repository, branch: "one", files: { "web/version.txt": String(version) }, author: "ann" });
  await push(1);
  await github.openPullRequest({ repo: repository, head: "one", title: "One", author: "ann" });
  await until(async () => (await mayfly.show(slug))?.phase === "ready");
  return await measure({ port: mayfly.port, host: `${slug}.preview.localhost` }, async () => {
    for (let version = 2; version < 2 + pushes; version++) await serving(stage, await push(version));
  });
}

/** Until it serves that commit and what served before is gone. */
async function serving({ mayfly }: Stage, commit: string): Promise<void> {
  await until(async () => {
    const view = await mayfly.show(slug);
    if (view?.newest?.failure) throw new Error(`the push failed: ${view.newest.failure.what}`);
    return view?.serving?.commit === commit;
  }, lookMs);
  await pause(2000);
}

async function ofCompose(): Promise<Found> {
  const text = files["compose.yaml"].replace("${PEER_PORT:-3000}", String(peerPort));
  await using peer = await createPeer("mayfly-bench-redeploy", { ...files, "compose.yaml": text });
  await peer.compose("up", "-d", "--build");
  const where = { port: peerPort, host: "127.0.0.1" };
  await until(async () => (await ask(where)).status === 200);
  return await measure(where, async () => {
    for (let version = 2; version < 2 + pushes; version++) await replace(peer, version, where);
  });
}

async function replace(peer: Peer, version: number, where: Where): Promise<void> {
  await peer.write("web/version.txt", String(version));
  await peer.compose("up", "-d", "--build");
  await until(async () => (await ask(where)).body === String(version));
  await pause(2000);
}

type Where = { port: number; host: string };

/** Asks at a steady pace in a process of its own, whatever becomes of the answers, for a while before and as long as `change` takes. */
async function measure({ port, host }: Where, change: () => Promise<void>): Promise<Found> {
  const steady = startSteady({ perSecond, host, addresses: [`127.0.0.1:${port}`] });
  try {
    await pause(settleMs);
    await steady.report();
    await pause(calmMs);
    const before = await steady.report();
    await change();
    const during = await steady.report();
    const failed = [before, during].reduce((sum, report) => sum + (report.failed[0] ?? 0), 0);
    const [calm = [], busy = []] = [before, during].map(({ taken }) => taken[0]);
    return { requests: calm.length + busy.length + failed, failed, beforeMs: p99(calm), duringMs: p99(busy) };
  } finally {
    steady.stop();
  }
}

/** Status 0 where no answer came. */
function ask({ port, host }: Where): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const call = request({ port, host: "127.0.0.1", agent: false, headers: { host } }, (answer) => {
      let body = "";
      answer.on("data", (chunk: Buffer) => (body += chunk.toString()));
      answer.on("error", () => resolve({ status: 0, body: "" }));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    call.setTimeout(30_000, () => call.destroy(new Error("no answer")));
    call.on("error", () => resolve({ status: 0, body: "" }));
    call.end();
  });
}

function p99(tookMs: readonly number[]): number {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(1));
}
