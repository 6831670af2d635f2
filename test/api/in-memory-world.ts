import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type AddressInfo } from "node:net";
import { createServer } from "node:http";
import { pino } from "pino";
import { createApi } from "../../src/api/server.ts";
import { named } from "../../src/app-snapshots.ts";
import type { ApiWorld, LogLine } from "../../src/api/world.ts";
import { nameOfAsker } from "../../src/domain/audit.ts";
import type { Deployment, TimelineEvent } from "../../src/domain/preview.ts";
import type { SnapshotView } from "../../src/domain/snapshot.ts";
import type { SourceView } from "../../src/domain/source.ts";
import type { Clock } from "../../src/domain/time.ts";
import type { PreviewView } from "../../src/domain/view.ts";
import type { Token } from "../../src/domain/token.ts";
import { openStore } from "../../src/store/store.ts";
import { deployment, stored, view } from "./examples.ts";

export const token = "a-token-for-tests";

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};

/** The first token, with this text. */
export function firstToken(text: string): Token {
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { name: "first", sha256, scopes: ["admin"], from: "first", createdAt: null };
}

/** What the port's consumer sees, held in memory, with what was asked of it. */
export type InMemory = ApiWorld & {
  views: PreviewView[];
  stored: SnapshotView[];
  sources: SourceView[];
  attempts: Deployment[];
  events: TimelineEvent[];
  lines: LogLine[];
  /** `by` is the asker's name and door. */
  acts: { key: string; verb: string; by: string }[];
  deliveries: { body: Uint8Array; event: string; signature: string; delivery: string; hookId: string }[];
  /** How many followers are reading logs now. */
  followers: number;
  change(key: string): void;
};

export function inMemoryWorld(changes: Partial<InMemory> = {}): InMemory {
  const listeners = new Set<(key: string) => void>();
  const store = openStore(":memory:", changes.clock ?? clock);
  const world: InMemory = {
    views: [view()],
    checkLog: () => [],
    stored: [stored()],
    sources: [],
    attempts: [deployment()],
    events: [],
    lines: [
      { service: "web", line: "listening on 3000", at: 1_000 },
      { service: "db", line: "ready to accept connections", at: 2_000 },
    ],
    acts: [],
    deliveries: [],
    followers: 0,
    change: (key) => listeners.forEach((listener) => listener(key)),
    async receiveWebhook(body, headers) {
      world.deliveries.push({ body, ...headers });
      return { status: 202, answer: { status: "accepted", reason: "pull request opened" } };
    },
    share: (key, argument) => ({ link: `http://${key}.test/.mayfly/open/${argument ?? "7d"}`, until: 1_000 }),
    allow: (key, commit, { actor }) => ({ accepted: `${commit ?? "nothing"} of ${key}, by ${actor.name}` }),
    bypass: (key) => `bypass of ${key}`,
    previews: () => world.views,
    preview: (id) =>
      world.views.find((each) => [each.slug, each.key, `${each.repository}#${each.number}`].includes(id)) ?? null,
    flushed: async () => undefined,
    timeline: () => world.events,
    deployments: () => world.attempts,
    observe: async () => ({ containers: [], networks: [], volumes: [] }),
    async *logs(_key, { service, follow, tail, signal }) {
      yield* world.lines.filter((line) => service === undefined || line.service === service).slice(-tail);
      if (!follow) return;
      world.followers += 1;
      try {
        for (let count = 1; !signal.aborted; count += 1) {
          await clock.sleep(20, signal);
          yield { service: service ?? "web", line: `line ${count}`, at: count };
        }
      } finally {
        world.followers -= 1;
      }
    },
    async *buildLogs() {
      yield { service: "web", line: "#1 FROM node:24" };
    },
    plan: async () => ({
      text: "create  web  image changed",
      steps: [{ step: "create", resource: "web", cause: "image changed", after: [] }],
    }),
    async act(key, { verb }, asker) {
      world.acts.push({ key, verb, by: `${nameOfAsker(asker)} (${asker.via})` });
      return { accepted: `${verb} of ${key}` };
    },
    changes(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshots: {
      list: async () => world.stored,
      show: async (id) => named(world.stored, id),
      sources: () => world.sources,
      refresh: (name, { actor }) => void world.acts.push({ key: name, verb: "refresh", by: actor.name }),
      build: async (id) => [named(world.stored, id).id],
      remove: async (id) => named(world.stored, id).id,
      use: async () => ({ snapshots: 3 * 1024 ** 3, editions: 0, branches: 2 * 1024 ** 2, budget: null }),
    },
    local: { up: async () => Promise.reject(new Error("not asked")), down: async () => null },
    metrics: () => "mayfly_previews 1\n",
    ready: () => ({ ok: true, reason: null }),
    server: () => ({ disk: null, memory: null, notices: [] }),
    numbers: () => ({ up: 1, asleep: 0, waiting: 0, orphans: 0 }),
    tokens: { ...store.tokens, given: [firstToken(token)], made: store.tokens.all },
    sessions: store.sessions,
    audit: store.audit,
    signIn: null,
    permissionOf: async () => "none",
    visit: () => null,
    clientAddress: (request) => request.headers["x-test-address"]?.toString() ?? request.socket.remoteAddress ?? "",
    randomId: (length) => randomBytes(length).toString("hex").slice(0, length),
    dashboardOrigin: "http://mayfly.test",
    webUrl: "https://github.com",
    clock,
    log: pino({ level: "silent" }),
    ...changes,
  };
  return world;
}

/** The API over real HTTP, on a free port. */
export async function serveApi(world: ApiWorld): Promise<AsyncDisposable & { url: string }> {
  const api = createApi(world);
  const server = createServer((req, res) => api.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      api.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
