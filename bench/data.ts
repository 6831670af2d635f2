import { setStage, type Stage } from "../demo/stage.ts";
import { execIn, firstWrite, type PeerTimes, timed, withPeer } from "./data-peers.ts";
import { empty, productOf, type Size, sizes } from "./data-sizes.ts";
import { docker, load, pause } from "./machine.ts";
import { median, printTable } from "./table.ts";

/** What a team of ten opens of one product. */
const manyPreviews = 10;

type Ours = { previewMs: number; branchMs: number; writeMs: number };
type Result = { size: Size; ours: Ours[]; addedMs: number; snapshotMs: number; peers: PeerTimes[] };

/**
 * What data costs a preview, by its size: the branch, the first write to it, and what it adds to a deployment beside one
 * whose database is empty; against the ways of others to fill a database that runs already. Then what ten previews of
 * one GB take on the disk before anybody writes.
 */
export async function benchData(): Promise<Record<string, unknown>> {
  const repositories = [empty, ...sizes].map((size) => ({
    name: repositoryOf(size),
    files: productOf(size),
    collaborators: { ann: "admin" as const },
  }));
  await using stage = await setStage({ users: ["ann"], repositories });
  const loadBefore = load();
  await once(stage, empty, "first");
  const results: Result[] = [];
  for (const size of sizes) results.push(await measure(stage, size));
  const tenTakeBytes = await tenPreviews(stage, sizes.find(({ name }) => name === "1GB") ?? empty);

  const by = (figure: (result: Result) => number) =>
    Object.fromEntries(results.map((result) => [result.size.name, Math.round(figure(result))]));
  const peer = (key: keyof PeerTimes) => by(({ peers }) => median(peers.map((each) => each[key])));
  const branchMs = by(({ ours }) => median(ours.map((each) => each.branchMs)));
  const firstWriteMs = by(({ ours }) => median(ours.map((each) => each.writeMs)));
  const [addedMs, restoreMs, psqlMs] = [by((each) => each.addedMs), peer("restoreMs"), peer("psqlMs")];
  const [copyMs, templateMs, copyWriteMs] = [peer("copyMs"), peer("templateMs"), peer("writeMs")];
  const snapshotMs = by((each) => each.snapshotMs);
  const row = (name: string, figures: Record<string, number>) => [name, ...Object.values(figures).map(String)];
  printTable([
    ["milliseconds, medians", ...sizes.map(({ name }) => name)],
    row("mayfly: branching the data", branchMs),
    row("mayfly: added to a deployment", addedMs),
    row("mayfly: first write on the branch", firstWriteMs),
    row("mayfly: the first preview, which builds the snapshot", snapshotMs),
    row("psql plays the SQL", psqlMs),
    row("pg_restore with two jobs", restoreMs),
    row("cp -a of the files", copyMs),
    row("  first write on that copy", copyWriteMs),
    row("CREATE DATABASE … TEMPLATE", templateMs),
  ]);
  const tenTake = Number((tenTakeBytes / 1024 ** 3).toFixed(2));
  console.log(`ten previews of a 1 GB database add to their snapshot, before they write: ${tenTake} GiB`);
  return {
    branchMs,
    firstWriteMs,
    restoreMs,
    addedMs,
    psqlMs,
    copyMs,
    copyWriteMs,
    templateMs,
    snapshotMs,
    tenPreviewsAddGiB: tenTake,
    load: [loadBefore, load()],
  };
}

async function measure(stage: Stage, size: Size): Promise<Result> {
  console.log(`${size.name}: the snapshot is built, then branched from ${size.turns} times ...`);
  const first = await once(stage, size, "first");
  const ours: Ours[] = [];
  const added: number[] = [];
  for (let turn = 1; turn <= size.turns; turn++) {
    const without = await once(stage, empty, `${size.name}-${turn}`);
    const mine = await once(stage, size, `turn-${turn}`);
    ours.push(mine);
    added.push(mine.previewMs - without.previewMs);
  }
  console.log(`${size.name}: the same data in the ways of others ...`);
  const peers: PeerTimes[] = [];
  await withPeer(size, async (peer) => {
    for (let turn = 1; turn <= size.copies; turn++) peers.push(await peer());
  });
  return { size, ours, addedMs: median(added), snapshotMs: first.previewMs, peers };
}

/** One pull request from its opening to its first page and a write, then closed until nothing is left of it. */
async function once(stage: Stage, size: Size, branch: string): Promise<Ours> {
  const { number, previewMs } = await open(stage, size, branch);
  const shown = await stage.mayfly.show(slugOf(size, number));
  const branchMs = Number(/branched in (\d+) ms/.exec(shown?.data ?? "")?.[1] ?? Number.NaN);
  const label = [`label=dev.mayfly.server=${stage.serverId}`, `label=dev.mayfly.preview=${shown?.key ?? ""}`];
  const filters = [...label, "label=dev.mayfly.service=db"].flatMap((each) => ["--filter", each]);
  const database = await docker(["ps", "-q", ...filters]);
  const writeMs = size.rows === 0 ? 0 : await timed(() => execIn(database, firstWrite("postgres")));
  await close(stage, size, number);
  return { previewMs, branchMs, writeMs };
}

async function open(
  { github, mayfly }: Stage,
  size: Size,
  branch: string,
): Promise<{ number: number; previewMs: number }> {
  const repo = repositoryOf(size);
  await github.push({ repo, branch, files: { "notes.txt": branch }, author: "ann" });
  const startedAt = performance.now();
  const number = await github.openPullRequest({ repo, head: branch, title: branch, author: "ann" });
  const link = `http://${slugOf(size, number)}.preview.localhost:${mayfly.port}/`;
  while ((await mayfly.visit(link)).status !== 200) {
    const failure = (await mayfly.show(slugOf(size, number)))?.newest?.failure;
    if (failure) throw new Error(`the preview failed: ${failure.what}`);
    await pause(20);
  }
  return { number, previewMs: performance.now() - startedAt };
}

async function close({ github, mayfly }: Stage, size: Size, number: number): Promise<void> {
  await github.close({ repo: repositoryOf(size), number, author: "ann" });
  while ((await mayfly.show(slugOf(size, number)))?.phase !== "gone") await pause(50);
}

/** Bytes on the disk that ten previews' data add to the snapshot under them. */
async function tenPreviews(stage: Stage, size: Size): Promise<number> {
  console.log("ten previews of a 1 GB database ...");
  const numbers: number[] = [];
  for (let each = 1; each <= manyPreviews; each++) numbers.push((await open(stage, size, `ten-${each}`)).number);
  const owned = `label=dev.mayfly.server=${stage.serverId}`;
  const listed = await docker(["volume", "ls", "-q", "--filter", owned, "--filter", "label=dev.mayfly.preview"]);
  const names = listed.split("\n").filter((name) => name !== "");
  // The branch itself shows its snapshot's files; what it takes is what lies in its upper directory.
  const own = names.filter((name) => !names.includes(`${name}.upper`));
  const mounts = own.flatMap((name) => ["-v", `${name}:/data/${name}:ro`]);
  const script = ["run", "--rm", "--user", "root", "--entrypoint", "du", ...mounts, "postgres:17", "-s", "-k", "/data"];
  const kilobytes = Number.parseInt(await docker(script), 10);
  for (const number of numbers) await close(stage, size, number);
  return kilobytes * 1024;
}

const repositoryOf = ({ name }: Size): string => `acme/shop-${name.toLowerCase()}`;
const slugOf = ({ name }: Size, number: number): string => `shop-${name.toLowerCase()}-pr-${number}`;
