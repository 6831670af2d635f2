import { parseArgs } from "node:util";
import type Docker from "dockerode";
import { setStage, type Stage } from "../demo/stage.ts";
import { labels } from "../src/domain/labels.ts";
import type { PreviewView } from "../src/domain/view.ts";
import { connect } from "../src/engine/docker.ts";
import { type Fault, faultNames, injectFaults } from "./soak-faults.ts";
import { pause } from "./machine.ts";
import { follow, type Sample } from "./soak-samples.ts";
import { chance, kinds, pick, shopFiles } from "./soak-world.ts";
import { median, printTable } from "./table.ts";

const repository = "acme/shop";
const authors = ["ann", "bob", "eve", "dan", "kim", "lea"];
/** How long what is left at the end may take to settle: a rate limit and a back-off may still hold. */
const settleMs = 180_000;

const { values } = parseArgs({ options: { pulls: { type: "string" }, seed: { type: "string" } } });
process.exitCode = await soak(Number(values.pulls ?? 200), Number(values.seed ?? 1));

/**
 * Opens, pushes to, comments on and closes pull requests at random, while Mayfly is killed, GitHub is down, slow or over
 * its limit, events get lost or doubled, and containers die. At the end nothing may be left: no object on the engine, no
 * preview that is not gone, no second comment. In the second half Mayfly is not killed, so that its memory and file
 * descriptors can be compared. Answers the exit code.
 */
async function soak(pulls: number, seed: number): Promise<number> {
  const random = chance(seed);
  const startedAt = performance.now();
  const collaborators = Object.fromEntries(authors.map((name) => [name, "push" as const]));
  await using stage = await setStage({
    users: authors,
    repositories: [{ name: repository, files: shopFiles("main", "good"), collaborators }],
    poll: "10s",
    // Most sleep between two of the things that happen to them.
    config: { defaults: { freeze_after: "3s", stop_after: "8s" } },
  });
  const docker = connect("unix:///var/run/docker.sock");
  const faults: Fault[] = [];
  const samples: Sample[] = [];
  const progress = { closed: 0, pulls };
  const ended = new AbortController();
  const { signal } = ended;
  const others = [
    injectFaults({ stage, docker, random, faults, progress, signal }),
    follow({ stage, samples, progress, signal }),
  ];
  const turns = Array.from({ length: pulls }, (_, index) => `work-${index + 1}`);
  const play = async (author: string): Promise<void> => {
    for (let branch = turns.shift(); branch !== undefined; branch = turns.shift()) {
      await playPull(stage, { author, branch, random });
      progress.closed += 1;
    }
  };
  try {
    await Promise.all(authors.map(play));
  } finally {
    ended.abort();
    await Promise.all(others);
  }
  const left = await settled(stage, docker);
  return report({ seed, pulls, seconds: (performance.now() - startedAt) / 1000, faults, samples, left });
}

type Play = { author: string; branch: string; random(): number };

/** One pull request's life: opened, changed in some way, closed or merged, at whatever moment it is then. */
async function playPull({ github }: Stage, { author, branch, random }: Play): Promise<void> {
  const push = (page: string) =>
    github.push({ repo: repository, branch, author, files: shopFiles(page, pick(kinds, random)) });
  await push("first");
  const number = await github.openPullRequest({ repo: repository, head: branch, title: branch, author });
  const deed = { repo: repository, number, author };
  for (let left = Math.floor(random() * 4); left > 0; left--) {
    await pause(random() * 5000);
    await pick(
      [
        () => push(`later ${left}`),
        () => push(`later ${left}`),
        () =>
          github.comment({
            ...deed,
            body: pick(["/redeploy", "/reset", "/sleep", "/wake", "/destroy", "/deploy"], random),
          }),
        () => github.close(deed).then(() => github.reopen(deed)),
      ],
      random,
    )();
  }
  await pause(random() * 6000);
  await github.close(deed);
}

type Left = { objects: string[]; stuck: PreviewView[]; comments: { number: number; count: number }[] };

/** What is left once everything had the time to end. */
async function settled({ github, mayfly, serverId }: Stage, docker: Docker): Promise<Left> {
  const until = performance.now() + settleMs;
  const look = async (): Promise<Pick<Left, "objects" | "stuck">> => {
    const filters = { label: [`${labels.server}=${serverId}`, labels.preview] };
    const [containers, networks, volumes, stuck] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listNetworks({ filters }),
      docker.listVolumes({ filters }),
      mayfly.api<PreviewView[]>("/api/previews"),
    ]);
    const names = [...containers.map(({ Names }) => Names[0] ?? ""), ...networks.map(({ Name }) => Name)];
    return { objects: [...names, ...volumes.Volumes.map(({ Name }) => Name)], stuck };
  };
  let left = await look();
  while (left.objects.length + left.stuck.length > 0 && performance.now() < until) {
    await pause(1000);
    left = await look();
  }
  const comments = [];
  for (let number = 1; (await mayfly.show(`shop-pr-${number}`)) !== null; number++) {
    const ours = (await github.comments(repository, number)).filter(({ body }) => body.includes("mayfly:preview"));
    comments.push({ number, count: ours.length });
  }
  return { ...left, comments };
}

type Story = { seed: number; pulls: number; seconds: number; faults: Fault[]; samples: Sample[]; left: Left };

function report({ seed, pulls, seconds, faults, samples, left }: Story): number {
  // After the last kill: the same process from there to the end.
  const calm = samples.filter(({ closed }) => closed >= pulls / 2);
  const half = Math.floor(calm.length / 2);
  const grown = (of: (sample: Sample) => number) =>
    Number((median(calm.slice(half).map(of)) / median(calm.slice(0, half).map(of))).toFixed(2));
  const doubled = left.comments.filter(({ count }) => count > 1);
  const figures = {
    pulls,
    seconds: Math.round(seconds),
    faults: faults.length,
    orphans: left.objects.length,
    stuck: left.stuck.length,
    doubledComments: doubled.length,
    memoryRatio: grown(({ residentBytes }) => residentBytes),
    descriptorsRatio: grown(({ descriptors }) => descriptors),
    residentMiB: Math.round(median(calm.map(({ residentBytes }) => residentBytes)) / 1024 ** 2),
    mostUp: Math.max(...samples.map(({ up }) => up)),
    mostAsleep: Math.max(...samples.map(({ asleep }) => asleep)),
  };
  printTable([
    ["fault", "times"],
    ...faultNames.map((name) => [name, String(faults.filter((each) => each === name).length)]),
  ]);
  printTable([["figure", "value"], ...Object.entries(figures).map(([name, value]) => [name, String(value)])]);
  for (const name of left.objects) console.log(`left on the engine: ${name}`);
  for (const view of left.stuck) console.log(`stuck: ${view.slug} ${view.phase} ${view.reason ?? ""}`);
  for (const { number, count } of doubled) console.log(`#${number} has ${count} comments`);
  console.log(JSON.stringify({ name: "soak", seed, ...figures }));
  return figures.orphans + figures.stuck + figures.doubledComments === 0 ? 0 : 1;
}
