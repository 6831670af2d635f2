import type { Deployment, TimelineEvent } from "../../src/domain/preview.ts";
import type { SnapshotView } from "../../src/domain/snapshot.ts";
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
    checks: [],
    rolledBack: null,
    rollbackTo: null,
    dataNotes: [],
    retired: [],
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

export function stored(changes: Partial<SnapshotView> = {}): SnapshotView {
  return {
    id: "3f2a91bc-5d1e88f0",
    kind: "snapshot",
    volume: "mayfly-snapshot-ab12-3f2a91bc-5d1e88f0",
    key: "3f2a91bc00112233445566778899aabb",
    repository: "acme/shop",
    trust: "team",
    service: "db",
    sources: [],
    parts: ["db/schema.sql", "db/seed.sql"],
    cause: "for shop-pr-42",
    commit: "1".repeat(40),
    builtAt: 1_000,
    tookMs: 4_000,
    usedAt: 2_000,
    newest: true,
    inUse: true,
    bytes: 3 * 1024 ** 3,
    branches: [{ preview: "shop-pr-42", bytes: 2 * 1024 ** 2 }],
    failure: null,
    ...changes,
  };
}
