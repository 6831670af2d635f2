import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setStage, type Stage } from "../demo/stage.ts";
import { docker, load, until } from "./machine.ts";
import { median, printTable } from "./table.ts";

const repository = "acme/sleepy";
const slug = "sleepy-pr-1";
const runs = 7;
const bootMs = 1500;
const project = "mayfly-bench-wake";
/** What is timed is looked at this often. */
const closelyMs = 10;

/** A page that takes its time to start, and a database that it waits for. */
const files = {
  "compose.yaml": `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    depends_on: { db: { condition: service_started } }
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: bench }
    volumes: ["data:/var/lib/postgresql/data"]
volumes: { data: }
`,
  "web/Dockerfile": 'FROM node:24\nCOPY server.js /server.js\nCMD ["node", "/server.js"]\n',
  "web/server.js": `const server = require("node:http").createServer((q, r) => r.end("up"));
setTimeout(() => server.listen(3000, "0.0.0.0"), ${bootMs});
process.on("SIGTERM", () => process.exit(0));
`,
};

/**
 * What a visitor waits for, in turns with the engine alone: the same stack, stopped, its database started until it accepts
 * connections, then its page until it answers.
 */
export async function benchWake(): Promise<Record<string, unknown>> {
  const peer = await preparePeer();
  const users = ["ann"];
  const repositories = [{ name: repository, files, collaborators: { ann: "admin" as const } }];
  await using stage = await setStage({ users, repositories, config: { defaults: { freeze_after: "2s" } } });
  try {
    await stage.github.push({ repo: repository, branch: "one", files: { notes: "1" }, author: "ann" });
    await stage.github.openPullRequest({ repo: repository, head: "one", title: "One", author: "ann" });
    await until(async () => (await stage.mayfly.show(slug))?.serving != null);
    const loadBefore = load();
    const [frozen, stopped, engine]: number[][] = [[], [], []];
    for (let turn = 1; turn <= runs; turn++) {
      await asleep(stage, "frozen");
      frozen?.push(await visit(stage));
      await stage.mayfly.api(`/api/previews/${slug}/sleep`, { method: "POST" });
      await asleep(stage, "stopped");
      stopped?.push(await visit(stage));
      engine?.push(await restart(peer));
    }
    const row = (name: string, figures: number[] = []) => [
      name,
      ...[...figures, median(figures)].map((figure) => figure.toFixed(0)),
    ];
    printTable([
      ["first answer, ms", ...Array.from({ length: runs }, (_, index) => `run ${index + 1}`), "median"],
      row("mayfly, frozen", frozen),
      row("mayfly, stopped", stopped),
      row("the engine and the app alone", engine),
    ]);
    const [frozenMs, stoppedMs, engineMs] = [frozen, stopped, engine].map((each = []) => Math.round(median(each)));
    const stoppedRatio = Number(((stoppedMs ?? 0) / (engineMs ?? 1)).toFixed(3));
    return { frozenMs, stoppedRatio, stoppedMs, engineMs, bootMs, runs, load: [loadBefore, load()] };
  } finally {
    await docker(["compose", "-p", project, "-f", join(peer, "compose.yaml"), "down", "-v", "--rmi", "local"]);
    await rm(peer, { recursive: true, force: true });
  }
}

/** Waits until it sleeps like that, and nothing of it runs any more. */
async function asleep({ mayfly, serverId }: Stage, level: "frozen" | "stopped"): Promise<void> {
  await until(async () => (await mayfly.show(slug))?.asleep === level);
  const words = ["ps", "-q", "--filter", `label=dev.mayfly.server=${serverId}`, "--filter", "status=running"];
  await until(async () => (await docker(words)) === "");
}

async function visit({ mayfly }: Stage): Promise<number> {
  const startedAt = performance.now();
  const { status } = await mayfly.visit(`http://${slug}.preview.localhost:${mayfly.port}/`);
  if (status !== 200) throw new Error(`the visit was answered ${status}`);
  return performance.now() - startedAt;
}

/** The same product for the engine alone. */
async function preparePeer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-wake-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text.replace('    ports: ["3000:3000"]\n', ""));
  }
  await docker(["compose", "-p", project, "-f", join(folder, "compose.yaml"), "up", "-d"]);
  await until(() => isUp("web"), closelyMs);
  return folder;
}

async function restart(folder: string): Promise<number> {
  await docker(["compose", "-p", project, "-f", join(folder, "compose.yaml"), "stop"]);
  const startedAt = performance.now();
  await docker(["start", `${project}-db-1`]);
  const database = await addressOf("db");
  await until(() => accepts(database, 5432), closelyMs);
  await docker(["start", `${project}-web-1`]);
  await until(() => isUp("web"), closelyMs);
  return performance.now() - startedAt;
}

async function isUp(service: string): Promise<boolean> {
  const host = await addressOf(service);
  return new Promise((resolve) => {
    request({ host, port: 3000, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    })
      .on("error", () => resolve(false))
      .end();
  });
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

const addresses = new Map<string, string>();
/** Asked once: what is stopped keeps its address, as nobody else comes to the network. */
async function addressOf(service: string): Promise<string> {
  const form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  const known = addresses.get(service);
  if (known !== undefined) return known;
  const address = await docker(["inspect", "-f", form, `${project}-${service}-1`]);
  addresses.set(service, address);
  return address;
}
