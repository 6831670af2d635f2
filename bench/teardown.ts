import { setStage, type Stage } from "../demo/stage.ts";
import { load, until } from "./machine.ts";
import { createPeer, type Peer } from "./peer.ts";
import { median, printTable } from "./table.ts";

const repository = "acme/leaving";
const runs = 7;
const lookMs = 200;

/** A page, a worker and a database, each of which ends in good order when it is told to. */
const files = {
  "compose.yaml": `services:
  web:
    build: web
    ports: ["3000"]
    restart: unless-stopped
    depends_on: { db: { condition: service_started } }
  worker:
    build: web
    restart: unless-stopped
    depends_on: { db: { condition: service_started } }
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: bench }
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD-SHELL", "pg_isready -h 127.0.0.1 -U postgres"], interval: 1s, retries: 60 }
volumes: { data: }
`,
  "web/Dockerfile": 'FROM node:24\nCOPY server.js /server.js\nCMD ["node", "/server.js"]\n',
  "web/server.js": `require("node:http").createServer((q, r) => r.end("up")).listen(3000, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`,
};

/**
 * From the event that a pull request was merged until nothing of its preview is left on the engine, in turns with
 * `docker compose down -v` of the same stack. Images stay with both.
 */
export async function benchTeardown(): Promise<Record<string, unknown>> {
  await using peer = await createPeer("mayfly-bench-teardown", files);
  await peer.compose("build");
  const repositories = [{ name: repository, files, collaborators: { ann: "admin" as const } }];
  await using stage = await setStage({ users: ["ann"], repositories });
  const loadBefore = load();
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 1; turn <= runs; turn++) {
    ours.push(await merge(stage, peer, turn));
    theirs.push(await down(peer));
  }
  const row = (name: string, figures: number[], digits = 0) => [
    name,
    ...[...figures, median(figures)].map((figure) => figure.toFixed(digits)),
  ];
  const ratio = Number((median(ours) / median(theirs)).toFixed(3));
  printTable([
    ["nothing left after, ms", ...ours.map((_, index) => `run ${index + 1}`), "median"],
    row("mayfly, from the merge on", ours),
    row("docker compose down -v", theirs),
  ]);
  const [mayflyMs, composeMs] = [Math.round(median(ours)), Math.round(median(theirs))];
  return { ratio, mayflyMs, composeMs, runs, load: [loadBefore, load()] };
}

async function merge({ github, mayfly, serverId }: Stage, peer: Peer, turn: number): Promise<number> {
  const branch = `bench-${turn}`;
  await github.push({ repo: repository, branch, files: { notes: branch }, author: "ann" });
  const number = await github.openPullRequest({ repo: repository, head: branch, title: branch, author: "ann" });
  const slug = `leaving-pr-${number}`;
  await until(async () => (await mayfly.show(slug))?.phase === "ready");
  const key = (await mayfly.show(slug))?.key ?? "";
  const label = ["--filter", `label=dev.mayfly.server=${serverId}`, "--filter", `label=dev.mayfly.preview=${key}`];
  await github.merge({ repo: repository, number, author: "ann" });
  // Its row says when the engine was asked and had nothing more; asking either here would only take its time.
  await until(async () => (await mayfly.show(slug))?.phase === "gone", lookMs);
  const goneAt = (await mayfly.show(slug))?.goneAt ?? Number.NaN;
  // What the stand-in does with git before it tells is no part of it.
  const told = github.deliveries().find(({ event, action }) => event === "pull_request" && action === "closed");
  const elapsedMs = goneAt - Date.parse(told?.deliveredAt ?? "");
  for (const kind of [
    ["ps", "-a"],
    ["network", "ls"],
    ["volume", "ls"],
  ]) {
    const left = await peer.docker(...kind, "-q", ...label);
    if (left !== "") throw new Error(`something is left of ${slug}: ${left}`);
  }
  return elapsedMs;
}

async function down(peer: Peer): Promise<number> {
  await peer.compose("up", "-d", "--wait");
  const startedAt = performance.now();
  await peer.compose("down", "-v");
  return performance.now() - startedAt;
}
