import type { Turn } from "../../src/domain/admission.ts";
import type { Failure } from "../../src/domain/errors.ts";
import {
  type Deployment,
  type PreviewSpec,
  type PullRequest,
  type TimelineEvent,
  unread,
} from "../../src/domain/preview.ts";
import { type PreviewView, viewPreview } from "../../src/domain/view.ts";
import type { ReportDetails } from "../../src/feedback/report-details.ts";
import { previewOf, pullRequest } from "../support/pull.ts";
import { shop, sqlFiles } from "../support/stack.ts";

export const now = 1_700_000_000_000;
export const commits = { first: "abc1234".padEnd(40, "0"), second: "def5678".padEnd(40, "0") };

export function pull(more: Partial<PullRequest> = {}): PullRequest {
  return pullRequest({ title: "A new checkout", headCommit: commits.first, headRef: "feat", ...more });
}

/** One attempt, ready after 11 s unless said otherwise. */
export function attempt(generation: number, more: Partial<Deployment> = {}): Deployment {
  const startedAt = now - 60_000;
  const commit = generation === 1 ? commits.first : commits.second;
  const phase = more.phase ?? "ready";
  return {
    preview: "7-42",
    generation,
    commit,
    cause: "pushed",
    phase,
    startedAt,
    readyAt: phase === "ready" ? startedAt + 11_000 : null,
    endedAt: null,
    failure: null,
    trouble: null,
    findings: [],
    stack: shop(generation, {
      commit,
      builds: [
        {
          name: "web",
          context: "web",
          dockerfile: "web/Dockerfile",
          inline: null,
          target: null,
          args: {},
          secrets: [],
          tag: `web:${generation}`,
        },
      ],
      seeds: [{ service: "db", volume: "pgdata", parts: sqlFiles("db/seed.sql") }],
    }),
    ...more,
  };
}

export function failure(more: Partial<Failure> = {}): Failure {
  return {
    code: "service-exited",
    what: "`api` listens on 127.0.0.1:4000, not on 0.0.0.0:4000",
    where: null,
    now: "Let it listen on 0.0.0.0.",
    service: "api",
    logTail: [],
    findings: [],
    retry: "never",
    ...more,
  };
}

export type Story = {
  spec?: Partial<PreviewSpec>;
  deployments?: Deployment[];
  timeline?: Partial<TimelineEvent>[];
  goneAt?: number;
  number?: number;
  secrets?: string[];
  visitedAt?: number;
  queue?: Turn;
  /** What stands before the path of links that let people in. */
  key?: string;
};

/** The view and the details, as the server would put them together. */
export function tell({
  spec,
  deployments = [],
  timeline = [],
  goneAt,
  number = 42,
  secrets = [],
  visitedAt,
  queue,
  key = "",
}: Story): [PreviewView, ReportDetails] {
  const generation = Math.max(0, ...deployments.map((each) => each.generation));
  const newest = deployments.find((each) => each.generation === generation);
  const preview = previewOf({
    number,
    spec: {
      ...unread,
      wanted: "running",
      reason: "open",
      generation,
      pull: pull(newest && { headCommit: newest.commit }),
      commit: newest?.commit ?? null,
      activeAt: visitedAt ?? now - 60_000,
      ...spec,
    },
    revision: 1,
    createdAt: now - 2 * 86_400_000,
    goneAt: goneAt ?? null,
    visitedAt: visitedAt ?? null,
    admittedAt: 0,
  });
  const view = viewPreview(preview, deployments, {
    now,
    host: "shop-pr-42.preview.localhost",
    url: (host) => `https://${host}`,
    link: (host) => `https://${host}${key}`,
    facts: {},
    retired: [],
    access: key === "" ? "public" : "link",
    queue: queue ?? null,
    ttlMs: 3 * 86_400_000,
  });
  const event = {
    preview: "7-42",
    generation,
    name: "",
    startedAt: now - 45_000,
    endedAt: null,
    outcome: "running",
    detail: null,
  } as const;
  const details = {
    preview,
    deployments,
    timeline: timeline.map((each) => ({ ...event, ...each })),
    now,
    webUrl: "https://github.test",
    pageUrl: "https://mayfly.test/previews/shop-pr-42",
    secrets,
  };
  return [view, details];
}
