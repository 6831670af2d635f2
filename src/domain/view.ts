import type { Access } from "./access.ts";
import { type Allowance, allowancesOf } from "./allowance.ts";
import { type Turn, turnWords } from "./admission.ts";
import { type CheckResult, type CheckView, viewChecks } from "./check.ts";
import type { Failure } from "./errors.ts";
import type { RetiredVolume, VolumeFacts } from "./data.ts";
import { describeData, describeRetired, noteData, type RetiredView } from "./data-view.ts";
import { allowCommand } from "./fork.ts";
import { expiresAt, isNearItsEnd, lastUsedAt } from "./lifetime.ts";
import { isResetOver } from "./reset.ts";
import { type RestLevel, restLevelOf } from "./rest.ts";
import { earlierThan } from "./rollback.ts";
import { formatSpan } from "./time.ts";
import {
  type Deployment,
  isUnderWay,
  isUnwanted,
  newestOf,
  type Preview,
  servingOf,
  type WishReason,
} from "./preview.ts";

export type Phase =
  | "pending"
  | "building"
  | "starting"
  | "ready"
  | "asleep"
  | "failed"
  | "blocked"
  | "removing"
  | "gone";

/** A preview as people and programs see it (`show --json`, the API, the comment, the pages): two facts, told together. */
export type PreviewView = {
  key: string;
  slug: string;
  repository: string;
  number: number;
  title: string;
  author: string;
  branch: string;
  url: string;
  /** What to hand to people: `url`, with the key that lets them in where one is needed. */
  link: string;
  routes: { service: string; url: string; link: string }[];
  phase: Phase;
  /** Why it is in this phase, in a sentence; null when there is nothing to say. */
  reason: string | null;
  /** Its turn, while there is no place for it. */
  queue: Turn | null;
  /** How, while what serves sleeps. */
  asleep: Exclude<RestLevel, "awake"> | null;
  serving: { commit: string; generation: number; readyAt: number; seconds: number } | null;
  newest: {
    commit: string;
    generation: number;
    phase: Deployment["phase"];
    reason: string | null;
    startedAt: number;
    seconds: number;
    cause: string;
    failure: Failure | null;
  } | null;
  /** What was run against the newest attempt. */
  checks: CheckView[];
  /** The earlier deployment that what is wished for runs again; null where nobody rolled back. */
  rolledBack: { generation: number; commit: string } | null;
  /** Where a rollback would lead; null where there is nothing before what serves. */
  rollbackTo: { generation: number; commit: string } | null;
  data: string | null;
  /** What became of its data lately, and what of it waits for somebody; each a sentence without a full stop. */
  dataNotes: string[];
  /** Data that was replaced and can be restored. */
  retired: RetiredView[];
  /** When it goes if nobody pushes or looks at it until then; null for what is not up or stays. */
  expiresAt: number | null;
  /** Its end is near. */
  endsSoon: boolean;
  pinned: boolean;
  lastVisitAt: number | null;
  access: Access;
  /** What runs makes use of, beyond what any preview may: the operator allows it. */
  allowed: Allowance[];
  createdAt: number;
  goneAt: number | null;
};

/** How links are made: `scheme://host[:port]` of `public_url` with one of the preview's own hosts, and perhaps a key. */
export type LinkMaker = (host: string) => string;

/** Puts the wish and its deployments together into what is shown. `now` in epoch milliseconds. */
export function viewPreview(
  preview: Preview,
  deployments: readonly Deployment[],
  context: {
    now: number;
    host: string;
    url: LinkMaker;
    link: LinkMaker;
    access: Access;
    /** How long an unused preview stays; null: without an end. */
    ttlMs: number | null;
    /** Null for what does not wait. */
    queue: Turn | null;
    /** Of its volumes, by their names on the engine. */
    facts: Readonly<Record<string, VolumeFacts>>;
    retired: readonly RetiredVolume[];
    checks?: readonly CheckResult[];
  },
): PreviewView {
  const serving = servingOf(deployments);
  const newest = newestOf(deployments);
  const stack = serving?.stack ?? newest?.stack ?? null;
  const running = preview.spec.wanted === "running";
  const phase = phaseOf(preview, serving, newest);
  const asleep = phase === "ready" ? asleepOf(preview, serving) : null;
  return {
    key: preview.key,
    slug: preview.slug,
    repository: preview.repository,
    number: preview.number,
    title: preview.spec.pull?.title ?? "",
    author: preview.spec.pull?.author ?? "",
    branch: preview.spec.pull?.headRef ?? "",
    url: context.url(context.host),
    link: context.link(context.host),
    routes: (stack?.routes ?? []).map(({ service, host }) => ({
      service,
      url: context.url(host),
      link: context.link(host),
    })),
    phase: asleep === null ? phase : "asleep",
    reason: context.queue ? turnWords(context.queue) : reasonOf(preview, context.now, { serving, newest }),
    queue: context.queue,
    asleep,
    serving:
      running && serving?.readyAt != null
        ? {
            commit: serving.commit,
            generation: serving.generation,
            readyAt: serving.readyAt,
            seconds: (serving.readyAt - serving.startedAt) / 1000,
          }
        : null,
    newest: newest && {
      commit: newest.commit,
      generation: newest.generation,
      phase: newest.phase,
      reason: newest.failure?.what ?? stallOf(newest),
      startedAt: newest.startedAt,
      seconds: ((newest.readyAt ?? newest.endedAt ?? context.now) - newest.startedAt) / 1000,
      cause: newest.cause,
      failure: newest.failure,
    },
    checks: viewChecks(context.checks ?? [], newest?.generation, context.now),
    rolledBack: running ? (preview.spec.rollback ?? null) : null,
    rollbackTo: running ? rollbackOf(deployments) : null,
    data: describeData(stack, context.facts),
    dataNotes: running
      ? noteData({ serving, newest, isResetOver: isResetOver(preview.spec, deployments) }, context)
      : [],
    retired: describeRetired(context.retired),
    expiresAt: expiresAt(preview, context.ttlMs),
    endsSoon: isNearItsEnd(preview, context.ttlMs, context.now),
    pinned: preview.spec.pinned,
    lastVisitAt: preview.visitedAt,
    access: context.access,
    allowed: running ? allowancesOf(stack) : [],
    createdAt: preview.createdAt,
    goneAt: preview.goneAt,
  };
}

function rollbackOf(deployments: readonly Deployment[]): PreviewView["rollbackTo"] {
  const earlier = earlierThan(deployments);
  return earlier && { generation: earlier.generation, commit: earlier.commit };
}

function asleepOf(preview: Preview, serving: Deployment | null): PreviewView["asleep"] {
  if (serving === null) return null;
  const level = restLevelOf(preview.spec, serving.generation);
  return level === "awake" ? null : level;
}

function phaseOf(preview: Preview, serving: Deployment | null, newest: Deployment | null): Phase {
  if (preview.spec.reason === "unread") return "pending";
  if (preview.spec.wanted === "blocked") return "blocked";
  if (isUnwanted(preview.spec) && preview.spec.generation === 0) return "blocked";
  if (preview.spec.wanted === "absent") return preview.goneAt === null ? "removing" : "gone";
  if (serving) return "ready";
  if (newest === null || newest.generation < preview.spec.generation) return "pending";
  if (isUnderWay(newest)) return newest.phase === "building" || newest.phase === "starting" ? newest.phase : "pending";
  return newest.phase === "failed" ? "failed" : "pending";
}

const wishReasons: Record<Exclude<WishReason, "fork" | "label" | "paths" | "expired">, string | null> = {
  open: null,
  unread: null,
  "forks-never": "this pull request comes from a fork, and the operator runs none of forks (`forks: never`)",
  merged: "the pull request was merged",
  closed: "the pull request was closed",
  destroyed: "it was destroyed on request; `/deploy` brings it back",
  draft: "the pull request is a draft",
  bot: "a bot opened the pull request",
  skipped: "its title says [skip preview]",
  "repository-gone": "the repository or pull request is gone, or the token may not read it",
};

/** Why the wish is what it is, in words; null when it simply should run. */
function wishWords(preview: Preview, now: number): string | null {
  const { reason, detail, pull } = preview.spec;
  if (reason === "fork") return forkWords(pull?.headCommit ?? "");
  if (reason === "expired") return `it was not used for ${formatSpan((preview.goneAt ?? now) - lastUsedAt(preview))}`;
  if (reason === "label") return `the pull request does not have the label "${detail ?? ""}"`;
  if (reason === "paths") return `the pull request changes nothing of ${detail ?? ""}`;
  return wishReasons[reason];
}

function forkWords(commit: string): string {
  return `this pull request comes from a fork. Someone with write access can run this commit with \`${allowCommand(commit)}\``;
}

function reasonOf(
  preview: Preview,
  now: number,
  { serving, newest }: { serving: Deployment | null; newest: Deployment | null },
): string | null {
  // While something serves, why a newer attempt failed is that attempt's reason.
  const failed = serving ? serving.trouble : newest?.failure;
  return wishWords(preview, now) ?? failed?.what ?? (serving || !newest ? null : stallOf(newest));
}

/** Why an attempt under way waits to be tried again, or null. */
function stallOf(attempt: Deployment): string | null {
  return isUnderWay(attempt) && attempt.stalledFor ? `${attempt.stalledFor}; it is tried again` : null;
}
