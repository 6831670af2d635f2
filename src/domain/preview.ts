import type { Failure } from "./errors.ts";
import type { Rest } from "./rest.ts";
import type { StackSpec, Trust } from "./stack.ts";

/** What survives a rename and a transfer, and what it is called now (`owner/name`). */
export type Repository = { id: number; name: string };

/** What the forge says of a pull request, in the fields we use. */
export type PullRequest = {
  repositoryId: number;
  /** `owner/name`. */
  repository: string;
  private: boolean;
  number: number;
  title: string;
  author: string;
  open: boolean;
  merged: boolean;
  draft: boolean;
  headCommit: string;
  headRef: string;
  /** Null when the head repository was deleted. */
  headRepositoryId: number | null;
  baseRef: string;
  labels: string[];
};

/** What should be there: a running stack, nothing for now, or nothing any more. */
export type Wanted = "running" | "blocked" | "absent";

export type WishReason =
  | "open"
  /** Heard of, but not read from the forge yet. */
  | "unread"
  /** A fork's commit that nobody has allowed, or that the operator never runs. */
  | "fork"
  | "forks-never"
  | "merged"
  | "closed"
  | "destroyed"
  /** Not wanted by the rules of the repository's `when`, or by the author (`skipped`). */
  | "draft"
  | "bot"
  | "label"
  | "paths"
  | "skipped"
  | "expired"
  | "repository-gone";

/** The wish. Only a change of what should run makes a new generation. */
export type PreviewSpec = {
  wanted: Wanted;
  reason: WishReason;
  /** 0 until something should run for the first time. */
  generation: number;
  /** Null until the forge (or an event, while it was down) told of the pull request. */
  pull: PullRequest | null;
  redeploys: number;
  /** The generation that was last asked to begin on new data; 0: none was. */
  resetBy: number;
  /** Somebody wants data back that was replaced: due until that generation serves. By its id, or what was replaced last. */
  restore: { generation: number; id: string | null } | null;
  /** How often all keys to it were taken back. */
  takenBack: number;
  /** Why the newest generation came to be, in words. */
  cause: string;
  /** What the reason is about: the label that is missing, the paths of which none is changed. */
  detail: string | null;
  /** What the newest generation is made of: an older commit than the head where a push changed none of `when.paths`. */
  commit: string | null;
  /** The earlier deployment that the newest generation runs again; null where it is none. */
  rollback?: { generation: number; commit: string } | null;
  /** Whether the pull request changes one of these paths; null where nobody asks. */
  touched: { paths: string[]; any: boolean } | null;
  /** Somebody with permission asked for it: the rules of `when` do not apply. */
  asked: boolean;
  pinned: boolean;
  /** Whether what serves sleeps; null until it did once. */
  rest: Rest | null;
  /** It is kept at least until then, in epoch milliseconds. */
  keptUntil: number | null;
  /** When somebody last pushed, or asked for something to run. */
  activeAt: number;
  /** Since when it is wanted without a break: its place in the queue. */
  wantedSince: number;
};

/** The wish of a pull request that was heard of and not read yet. */
export const unread: PreviewSpec = {
  wanted: "blocked",
  reason: "unread",
  generation: 0,
  pull: null,
  redeploys: 0,
  resetBy: 0,
  restore: null,
  takenBack: 0,
  cause: "",
  detail: null,
  commit: null,
  touched: null,
  asked: false,
  pinned: false,
  rest: null,
  keptUntil: null,
  activeAt: 0,
  wantedSince: 0,
};

/** True of what the repository's rules or the author do not want a preview for: nothing is to be done, and nobody failed. */
export function isUnwanted({ reason }: Pick<PreviewSpec, "reason">): boolean {
  return ["draft", "bot", "label", "paths", "skipped"].includes(reason);
}

/** One pull request's environment. */
export type Preview = {
  /** `<repositoryId>-<number>`. */
  key: string;
  /** `shop-pr-42`, fixed at first sight. */
  slug: string;
  repositoryId: number;
  repository: string;
  number: number;
  spec: PreviewSpec;
  /** Compare-and-set counter of the row. */
  revision: number;
  createdAt: number;
  /** When nothing of it was left on the engine; null while something is or may be. */
  goneAt: number | null;
  /** When somebody last looked at it. */
  visitedAt: number | null;
  /** When it was last given a place among those that are up. */
  admittedAt: number | null;
  /** Commits of a fork that somebody with permission has allowed. */
  allowed: readonly string[];
};

export type DeploymentPhase = "pending" | "building" | "starting" | "ready" | "failed" | "superseded";

/** One generation's attempt to become ready. */
export type Deployment = {
  preview: string;
  generation: number;
  commit: string;
  cause: string;
  /** The generation whose stack it runs again, after a rollback; null where it is its own. */
  origin?: number | null;
  phase: DeploymentPhase;
  startedAt: number;
  /** The commit point of the swap: set once, the gateway routes to the newest one that has it. */
  readyAt: number | null;
  /** When it failed or was superseded before it became ready. */
  endedAt: number | null;
  failure: Failure | null;
  /** Why it could not go on when it was last tried, while it is under way. */
  stalledFor?: string | null;
  /** Why it cannot be kept whole although it serves. */
  trouble: Failure | null;
  /** Findings that did not stop it. */
  findings: Failure["findings"];
  /** The rendered stack, from the moment it was prepared. */
  stack: StackSpec | null;
};

/** A moment in a deployment's life, for the timeline. */
export type TimelineEvent = {
  preview: string;
  generation: number;
  /** `fetch`, `render`, `build web`, `start db`, `await db`, `seed db`, `probe`, `swap`, `drain` … */
  name: string;
  startedAt: number;
  endedAt: number | null;
  outcome: "running" | "done" | "failed" | "aborted";
  detail: string | null;
};

/** Whose code it is: a fork's, also where the head repository was deleted, or the team's. */
export function trustOf(pull: PullRequest): Trust {
  return pull.headRepositoryId === pull.repositoryId ? "team" : "fork";
}

/** True while the attempt may still become ready. */
export function isUnderWay({ phase }: Pick<Deployment, "phase">): boolean {
  return phase === "pending" || phase === "building" || phase === "starting";
}

/** The deployment the gateway routes to: the newest that reached its commit point and was not removed since. */
export function servingOf(deployments: readonly Deployment[]): Deployment | null {
  return newest(deployments.filter((deployment) => deployment.phase === "ready"));
}

/** The newest attempt, whatever became of it. */
export function newestOf(deployments: readonly Deployment[]): Deployment | null {
  return newest(deployments);
}

function newest(deployments: readonly Deployment[]): Deployment | null {
  return deployments.reduce<Deployment | null>(
    (best, each) => (best === null || each.generation > best.generation ? each : best),
    null,
  );
}
