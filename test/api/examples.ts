import type { Deployment, TimelineEvent } from "../../src/domain/preview.ts";
import type { PreviewView } from "../../src/domain/view.ts";
import { shop } from "../support/stack.ts";

/** A preview that is ready, as people see it. */
export function view(changes: Partial<PreviewView> = {}): PreviewView {
  const slug = changes.slug ?? "shop-pr-42";
  return {
    key: "7-42",
    slug,
    repository: "acme/shop",
    number: 42,
    title: "Add a cart",
    author: "anna",
    branch: "cart",
    url: `http://${slug}.preview.localhost:8080`,
    link: `http://${slug}.preview.localhost:8080`,
    routes: [
      {
        service: "web",
        url: `http://${slug}.preview.localhost:8080`,
        link: `http://${slug}.preview.localhost:8080`,
      },
    ],
    phase: "ready",
    reason: null,
    queue: null,
    asleep: null,
    serving: { commit: "abc1234567890", generation: 7, readyAt: Date.now() - 180_000, seconds: 11.2 },
    newest: newest(),
    data: null,
    expiresAt: null,
    endsSoon: false,
    pinned: false,
    lastVisitAt: null,
    access: "public",
    allowed: [],
    createdAt: Date.now() - 200_000_000,
    goneAt: null,
    ...changes,
  };
}

export function newest(changes: Partial<NonNullable<PreviewView["newest"]>> = {}): NonNullable<PreviewView["newest"]> {
  return {
    commit: "abc1234567890",
    generation: 7,
    phase: "ready",
    reason: null,
    startedAt: Date.now() - 190_000,
    seconds: 11.2,
    cause: "a push",
    failure: null,
    ...changes,
  };
}

export function deployment(changes: Partial<Deployment> = {}): Deployment {
  return {
    preview: "7-42",
    generation: 7,
    commit: "abc1234567890",
    cause: "a push",
    phase: "ready",
    startedAt: Date.now() - 190_000,
    readyAt: Date.now() - 178_800,
    endedAt: null,
    failure: null,
    trouble: null,
    findings: [],
    stack: shop(7),
    ...changes,
  };
}

export function moment(name: string, startedAt: number, took: number | null): TimelineEvent {
  const endedAt = took === null ? null : startedAt + took;
  return {
    preview: "7-42",
    generation: 7,
    name,
    startedAt,
    endedAt,
    outcome: took === null ? "running" : "done",
    detail: null,
  };
}
