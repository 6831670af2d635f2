import { setTimeout as sleep } from "node:timers/promises";
import { resolve } from "node:path";
import { connect } from "../src/engine/docker.ts";
import type { TimelineEvent } from "../src/domain/preview.ts";
import type { PreviewView } from "../src/domain/view.ts";
import { setStage, type Stage } from "./stage.ts";
import type { DemoEvent, Teller } from "./tell.ts";

/** Something that people can act on: told without a stack trace. */
export class DemoFailure extends Error {}

export const repository = "acme/guestbook";
const guestbook = resolve(import.meta.dirname, "../examples/guestbook");
const author = "ann";

export type Demo = AsyncDisposable & {
  stage: Stage;
  teller: Teller;
  link: string;
  number: number;
  /** Waits for the first deployment. */
  opened(): Promise<PreviewView>;
  push(): Promise<PreviewView>;
  redeploy(): Promise<PreviewView>;
  /** Resolves when nothing labelled is left. */
  merge(): Promise<void>;
  /** Until the person leaves. */
  stay(): Promise<void>;
};

/** Sets the stage and opens the pull request; from then on everything goes through production code. */
export async function openDemo(options: { port: number; teller: Teller; signal: AbortSignal }): Promise<Demo> {
  const { teller, signal } = options;
  teller.line("Starting a stand-in GitHub with the repository acme/guestbook, and Mayfly …");
  const stage = await setStage({
    users: [author],
    port: options.port,
    repositories: [{ name: repository, files: guestbook, collaborators: { [author]: "admin" } }],
  });
  const { github, mayfly } = stage;
  let pushes = 0;
  let startedAt = performance.now();
  const since = () => (performance.now() - startedAt) / 1000;
  const tell = (event: DemoEvent["event"], view: { url: string; commit: string } | null) =>
    teller.event({ event, seconds: since(), url: view?.url ?? null, commit: view?.commit ?? null, reason: null });

  const pushCommit = () => {
    pushes += 1;
    const text = `Announcement no. ${pushes}: signed books are for sale at the desk.\n`;
    return github.push({
      repo: repository,
      branch: "announcement",
      files: { "web/announcement.txt": text },
      author,
      message: `Announce no. ${pushes}`,
    });
  };
  const readyAt = async (generation: number): Promise<PreviewView> => {
    const view = await follow(stage, { slug, generation, teller, signal, building: (seen) => tell("building", seen) });
    return view;
  };

  startedAt = performance.now();
  let commit = await pushCommit();
  const number = await github.openPullRequest({
    repo: repository,
    head: "announcement",
    title: "Announce the sale",
    author,
  });
  const slug = `guestbook-pr-${number}`;
  let generation = 1;
  const link = `http://${slug}.preview.localhost:${mayfly.port}`;
  tell("opened", { url: link, commit });
  teller.line(
    `\n  pull request  ${github.url}/${repository}/pull/${number}\n  preview       ${link}\n  dashboard     ${mayfly.dashboardLink}\n`,
  );

  return {
    stage,
    teller,
    link,
    number,
    async opened() {
      const view = await readyAt(generation);
      tell("ready", { url: view.url, commit });
      return view;
    },
    async push() {
      startedAt = performance.now();
      commit = await pushCommit();
      tell("pushed", { url: link, commit });
      generation = (await mayfly.show(slug))!.newest!.generation;
      const view = await until(signal, async () => {
        const seen = await mayfly.show(slug);
        return seen?.newest?.commit === commit ? seen : null;
      });
      generation = view.newest!.generation;
      const ready = await readyAt(generation);
      tell("ready", { url: ready.url, commit });
      return ready;
    },
    async redeploy() {
      startedAt = performance.now();
      const before = (await mayfly.show(slug))!.newest!.generation;
      await github.comment({ repo: repository, number, author, body: "/redeploy" });
      const view = await until(signal, async () => {
        const seen = await mayfly.show(slug);
        return (seen?.newest?.generation ?? 0) > before ? seen : null;
      });
      generation = view.newest!.generation;
      const ready = await readyAt(generation);
      tell("redeployed", { url: ready.url, commit });
      return ready;
    },
    async merge() {
      startedAt = performance.now();
      const { key } = (await mayfly.show(slug))!;
      await github.merge({ repo: repository, number, author });
      tell("merged", { url: link, commit });
      await until(signal, async () => ((await leftOf(key, stage.serverId)) === 0 ? true : null));
      tell("clean", null);
    },
    stay: () => sleep(2 ** 31 - 1, undefined, { signal }).then(() => undefined),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

type Follow = {
  slug: string;
  generation: number;
  teller: Teller;
  signal: AbortSignal;
  building(view: { url: string; commit: string }): void;
};

/** Tells each phase as it ends, until the generation is ready; throws with the reason when it is not. */
async function follow({ mayfly }: Stage, { slug, generation, teller, signal, building }: Follow): Promise<PreviewView> {
  const told = new Set<string>();
  let builds = false;
  return until(signal, async () => {
    const view = await mayfly.show(slug);
    const events = await mayfly.api<TimelineEvent[]>(`/api/previews/${slug}/timeline`).catch(() => []);
    for (const event of events.filter(
      (each) => each.generation === generation && each.endedAt !== null && !told.has(each.name),
    )) {
      told.add(event.name);
      teller.phase(event.name, ((event.endedAt ?? 0) - event.startedAt) / 1000);
    }
    if (view?.newest?.generation !== generation) return null;
    if (!builds && view.newest.phase === "building") {
      builds = true;
      building({ url: view.url, commit: view.newest.commit });
    }
    if (view.newest.phase === "failed") {
      const { failure } = view.newest;
      throw new DemoFailure(
        [failure?.what, failure?.where, failure?.now, ...(failure?.logTail ?? [])].filter(Boolean).join("\n  "),
      );
    }
    return view.serving?.generation === generation ? view : null;
  });
}

/** Containers, networks and volumes with the preview's label: nothing of it may be left after the merge. */
export async function leftOf(key: string, server: string): Promise<number> {
  const docker = connect(process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock");
  const filters = { label: [`dev.mayfly.preview=${key}`, `dev.mayfly.server=${server}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return containers.length + networks.length + volumes.Volumes.length;
}

/** Looks again until there is something; gives up after five minutes, or when the person leaves. */
async function until<T>(signal: AbortSignal, look: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + 300_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline)
      throw new DemoFailure("nothing came of it within five minutes; see the dashboard and the log");
    await sleep(50, undefined, { signal });
  }
}
