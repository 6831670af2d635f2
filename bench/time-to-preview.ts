import { readFileSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setStage, type Stage } from "../demo/stage.ts";
import { seedOf } from "./data-sizes.ts";
import { docker, load, pause } from "./machine.ts";
import { median, printTable } from "./table.ts";

const guestbook = resolve(import.meta.dirname, "../examples/guestbook");
const seedText = readFileSync(join(guestbook, "db/seed.sql"), "utf8");
const repository = "acme/guestbook";
const runs = 5;
/** A product that has been used for a while: 200 MB of rows beside the guest book's 300. */
const largeSeed = `${seedText}\n${seedOf({ rows: 200_000 }, "archive")}`;

/**
 * Webhook → first 200 through the gateway, against `docker compose up -d --wait` of the same stack with the same seed
 * and health checks every second. Images are built before. `mayfly` is what every preview but the first of a seed has: a
 * branch of a snapshot that is there; `first` is the one that has the snapshot built. All take turns, so that a slow
 * moment of the machine meets all. Then the same with a seed of 200 MB.
 */
export async function benchTimeToPreview(): Promise<Record<string, unknown>> {
  const peer = await preparePeer();
  await using stage = await setStage({
    users: ["ann"],
    repositories: [{ name: repository, files: join(peer, "product"), collaborators: { ann: "admin" } }],
  });
  try {
    const cold = await preview(stage, { branch: "bench-cold" });
    const loadBefore = load();
    const ours: Taken[] = [];
    const firsts: Taken[] = [];
    const theirs: number[] = [];
    for (let turn = 1; turn <= runs; turn++) {
      ours.push(await preview(stage, { branch: `bench-${turn}` }));
      theirs.push(await compose(peer));
      const seed = `${seedText}\n-- as of turn ${turn}\n`;
      firsts.push(await preview(stage, { branch: `bench-seed-${turn}`, files: { "db/seed.sql": seed } }));
    }
    const large = await withLargeSeed(stage, peer);
    const [warm, first] = [ours, firsts].map((each) => each.map(({ elapsedMs }) => elapsedMs)) as [number[], number[]];
    const branches = ours.map(({ branchMs }) => branchMs);
    const row = (name: string, figures: number[], digits = 0) => [
      name,
      ...[...figures, median(figures)].map((figure) => figure.toFixed(digits)),
    ];
    const ratios = (figures: number[]) => figures.map((ms, index) => ms / (theirs[index] ?? 1));
    const ratio = Number((median(warm) / median(theirs)).toFixed(3));
    const firstRatio = Number((median(first) / median(theirs)).toFixed(3));
    printTable([
      ["time to preview, ms", ...ours.map((_, index) => `run ${index + 1}`), "median"],
      row("mayfly: webhook to first 200", warm),
      row("  of this, branching the data", branches),
      row("mayfly, first preview of a seed", first),
      row("docker compose up -d --wait", theirs),
      [...row("ratio", ratios(warm), 2).slice(0, -1), ratio.toFixed(2)],
      [...row("ratio, first of a seed", ratios(first), 2).slice(0, -1), firstRatio.toFixed(2)],
    ]);
    printTable([
      ["with 200 MB of rows, ms", ...large.ours.map((_, index) => `run ${index + 1}`), "median"],
      row("mayfly: webhook to first 200", large.ours),
      row("docker compose up -d --wait", large.theirs),
    ]);
    const ratio200MB = Number((median(large.ours) / median(large.theirs)).toFixed(3));
    console.log(`the very first one, images built and all: ${cold.elapsedMs.toFixed(0)} ms`);
    return {
      ratio,
      mayflyMs: Math.round(median(warm)),
      composeMs: Math.round(median(theirs)),
      branchMs: median(branches),
      firstMs: Math.round(median(first)),
      firstRatio,
      ratio200MB,
      mayfly200MBMs: Math.round(median(large.ours)),
      compose200MBMs: Math.round(median(large.theirs)),
      coldMs: Math.round(cold.elapsedMs),
      runs,
      load: [loadBefore, load()],
    };
  } finally {
    await docker([...composeWords(peer), "down", "-v", "--rmi", "local"]);
    await rm(peer, { recursive: true, force: true });
  }
}

async function withLargeSeed(stage: Stage, peer: string): Promise<{ ours: number[]; theirs: number[] }> {
  await writeFile(join(peer, "product/db/seed.sql"), largeSeed);
  const files = { "db/seed.sql": largeSeed };
  await preview(stage, { branch: "bench-large", files });
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 1; turn <= runs; turn++) {
    ours.push((await preview(stage, { branch: `bench-large-${turn}`, files })).elapsedMs);
    theirs.push(await compose(peer));
  }
  return { ours, theirs };
}

/** From the webhook to the first page, and what of it the data branch took. */
type Taken = { elapsedMs: number; branchMs: number };

/** One pull request from its opening to the first page that a reviewer gets, then closed until nothing is left of it. */
async function preview(
  { github, mayfly }: Stage,
  { branch, files = {} }: { branch: string; files?: Record<string, string> },
): Promise<Taken> {
  await github.push({ repo: repository, branch, files: { "notes.txt": branch, ...files }, author: "ann" });
  const startedAt = performance.now();
  const number = await github.openPullRequest({ repo: repository, head: branch, title: branch, author: "ann" });
  const link = `http://guestbook-pr-${number}.preview.localhost:${mayfly.port}/`;
  for (let asked = 1; (await mayfly.visit(link, { headers: { accept: "text/plain" } })).status !== 200; asked++) {
    // Seldom: asking is work for the server as well.
    const failure = asked % 50 === 0 ? (await mayfly.show(`guestbook-pr-${number}`))?.newest?.failure : null;
    if (failure) throw new Error(`the preview failed: ${failure.what}`);
    await pause(40);
  }
  const elapsedMs = performance.now() - startedAt;
  const { data } = (await mayfly.show(`guestbook-pr-${number}`)) ?? {};
  const branchMs = Number(/branched in (\d+) ms/.exec(data ?? "")?.[1] ?? Number.NaN);
  await github.close({ repo: repository, number, author: "ann" });
  while ((await mayfly.show(`guestbook-pr-${number}`))?.phase !== "gone") await pause(50);
  return { elapsedMs, branchMs };
}

/** The same product for Compose: seeded by the image's init scripts, its images built, health asked every second. */
async function preparePeer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-peer-"));
  await cp(guestbook, join(folder, "product"), { recursive: true });
  await writeFile(join(folder, "peer.yaml"), peerOverlay(join(folder, "product")));
  await docker([...composeWords(folder), "build"]);
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
  await docker([...composeWords(folder), "up", "-d", "--wait", "--wait-timeout", "120"]);
  const elapsedMs = performance.now() - startedAt;
  await docker([...composeWords(folder), "down", "-v", "-t", "1"]);
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
