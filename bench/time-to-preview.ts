import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { setStage, type Stage } from "../demo/stage.ts";
import { median, printTable } from "./table.ts";

const guestbook = resolve(import.meta.dirname, "../examples/guestbook");
const repository = "acme/guestbook";
const runs = 5;
/** A client without plugins may come first on the path. */
const docker = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";
const run = promisify(execFile);

/**
 * Webhook → first 200 through the gateway, against `docker compose up -d --wait` of the same stack with the same seed
 * and health checks every second. Images are built before; the two take turns, so that a slow moment of the machine
 * meets both.
 */
export async function benchTimeToPreview(): Promise<Record<string, unknown>> {
  const peer = await preparePeer();
  await using stage = await setStage({
    users: ["ann"],
    repositories: [{ name: repository, files: join(peer, "product"), collaborators: { ann: "admin" } }],
  });
  try {
    await preview(stage, 0);
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let turn = 1; turn <= runs; turn++) {
      ours.push(await preview(stage, turn));
      theirs.push(await compose(peer));
    }
    const ratio = Number((median(ours) / median(theirs)).toFixed(3));
    printTable([
      ["time to preview, ms", ...ours.map((_, index) => `run ${index + 1}`), "median"],
      ["mayfly: webhook to first 200", ...ours.map((ms) => ms.toFixed(0)), median(ours).toFixed(0)],
      ["docker compose up -d --wait", ...theirs.map((ms) => ms.toFixed(0)), median(theirs).toFixed(0)],
      ["ratio", ...ours.map((ms, index) => (ms / (theirs[index] ?? 1)).toFixed(2)), ratio.toFixed(2)],
    ]);
    return { ratio, mayflyMs: Math.round(median(ours)), composeMs: Math.round(median(theirs)), runs };
  } finally {
    await run(docker, [...composeWords(peer), "down", "-v", "--rmi", "local"]);
    await rm(peer, { recursive: true, force: true });
  }
}

/** One pull request from its opening to the first page that a reviewer gets, then closed until nothing is left of it. */
async function preview({ github, mayfly }: Stage, turn: number): Promise<number> {
  const branch = `bench-${turn}`;
  await github.push({ repo: repository, branch, files: { "notes.txt": `run ${turn}` }, author: "ann" });
  const startedAt = performance.now();
  const number = await github.openPullRequest({ repo: repository, head: branch, title: branch, author: "ann" });
  const link = `http://guestbook-pr-${number}.preview.localhost:${mayfly.port}/`;
  while ((await mayfly.visit(link)).status !== 200) {
    const failure = (await mayfly.show(`guestbook-pr-${number}`))?.newest?.failure;
    if (failure) throw new Error(`the preview failed: ${failure.what}`);
    await pause(40);
  }
  const elapsedMs = performance.now() - startedAt;
  await github.close({ repo: repository, number, author: "ann" });
  while ((await mayfly.show(`guestbook-pr-${number}`))?.phase !== "gone") await pause(50);
  return elapsedMs;
}

/** The same product for Compose: seeded by the image's init scripts, its images built, health asked every second. */
async function preparePeer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-peer-"));
  await cp(guestbook, join(folder, "product"), { recursive: true });
  await writeFile(join(folder, "peer.yaml"), peerOverlay(join(folder, "product")));
  await run(docker, [...composeWords(folder), "build"]);
  await compose(folder);
  return folder;
}

function peerOverlay(product: string): string {
  return `services:
  db:
    volumes:
      - ${product}/db/schema.sql:/docker-entrypoint-initdb.d/1-schema.sql:ro
      - ${product}/db/seed.sql:/docker-entrypoint-initdb.d/2-seed.sql:ro
`;
}

async function compose(folder: string): Promise<number> {
  const startedAt = performance.now();
  await run(docker, [...composeWords(folder), "up", "-d", "--wait", "--wait-timeout", "120"]);
  const elapsedMs = performance.now() - startedAt;
  await run(docker, [...composeWords(folder), "down", "-v", "-t", "1"]);
  return elapsedMs;
}

function composeWords(folder: string): string[] {
  return [
    "compose",
    "-p",
    "mayfly-bench-peer",
    "-f",
    join(folder, "product/compose.yaml"),
    "-f",
    join(folder, "peer.yaml"),
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
