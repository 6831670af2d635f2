import type Docker from "dockerode";
import type { Stage } from "../demo/stage.ts";
import { labels } from "../src/domain/labels.ts";
import { pause } from "./machine.ts";
import { pick } from "./soak-world.ts";

export const faultNames = [
  "mayfly killed",
  "github refuses connections",
  "github answers 503",
  "github is slow",
  "github's rate limit",
  "git server down",
  "events lost",
  "events doubled",
  "container killed",
] as const;
export type Fault = (typeof faultNames)[number];

export type Trouble = {
  stage: Stage;
  docker: Docker;
  random(): number;
  /** What was done, in order. */
  faults: Fault[];
  /** Mayfly is killed in the first half only. */
  progress: { closed: number; pulls: number };
  signal: AbortSignal;
};

/** Does harm every few seconds, one kind at a time, and makes it good again. */
export async function injectFaults(trouble: Trouble): Promise<void> {
  const { random, faults, progress, signal } = trouble;
  let left: Fault[] = [];
  while (!signal.aborted) {
    await pause(2000 + random() * 6000, signal);
    const isFirstHalf = progress.closed < progress.pulls / 2;
    // All kinds before any comes again: a short run meets each of them.
    if (!isFirstHalf) left = left.filter((each) => each !== "mayfly killed");
    if (left.length === 0) left = isFirstHalf ? [...faultNames] : faultNames.slice(1);
    const fault = pick(left, random);
    left = left.filter((each) => each !== fault);
    faults.push(fault);
    await inject(fault, trouble);
  }
}

async function inject(fault: Fault, { stage, docker, random, signal }: Trouble): Promise<void> {
  const { github, mayfly, serverId } = stage;
  const forAWhile = () => pause(1000 + random() * 4000, signal);
  switch (fault) {
    case "mayfly killed":
      await mayfly.kill();
      return mayfly.start();
    case "github refuses connections":
      await github.down(true);
      await forAWhile();
      return github.down(false);
    case "github answers 503":
      await github.down("unavailable");
      await forAWhile();
      return github.down(false);
    case "github is slow":
      github.slow(1500);
      await forAWhile();
      return github.slow(0);
    case "github's rate limit":
      github.rateLimited(pick(["primary", "secondary"], random), 2);
      await forAWhile();
      return github.rateLimited(false);
    case "git server down":
      github.git.down(true);
      await forAWhile();
      return github.git.down(false);
    case "events lost":
      return github.dropWebhooks(1 + Math.floor(random() * 4));
    case "events doubled":
      github.duplicateWebhooks(true);
      await forAWhile();
      return github.duplicateWebhooks(false);
    case "container killed": {
      const containers = await docker.listContainers({ filters: { label: [`${labels.server}=${serverId}`] } });
      if (containers.length === 0) return;
      const { Id } = pick(containers, random);
      // It may be gone by now: then nothing has to be killed.
      await docker
        .getContainer(Id)
        .kill()
        .catch(() => undefined);
    }
  }
}
