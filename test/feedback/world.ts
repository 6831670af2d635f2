import { generateKeyPairSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { createGitHub, type GitHub, type GitHubOptions as GitHubServerOptions } from "../../demo/github-server.ts";
import type { Clock } from "../../src/domain/time.ts";
import { createGitHubClient, type GitHubClient, type GitHubOptions } from "../../src/feedback/github-client.ts";
import { createPublisher, type Memory, type Published } from "../../src/feedback/publish.ts";

export const token = "ghs_feedbackTestToken01234";
export const repo = "acme/shop";
export const log = pino({ level: "silent" });

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};

export type World = AsyncDisposable & {
  github: GitHub;
  /** The pull request's number, and its commit. */
  number: number;
  commit: string;
  client(more?: Partial<GitHubOptions>): GitHubClient;
};

/** The App that `createWorld({ app })` installs. */
export const app = {
  id: 7,
  slug: "mayfly",
  privateKey: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }),
} as const;

/** A GitHub with `acme/shop`, whose pull request was opened by ann. */
export async function createWorld(more: Partial<GitHubServerOptions> = {}): Promise<World> {
  const github = await createGitHub({
    users: ["ann", "mallory", "victor", "maria"],
    repositories: [
      {
        name: repo,
        files: { "compose.yaml": "services: {}\n" },
        collaborators: { ann: "push", victor: "triage", maria: "maintain" },
      },
      { name: "acme/secret", private: true, files: { a: "1\n" } },
    ],
    token,
    ...more,
  });
  const commit = await github.push({ repo, branch: "feat", files: { a: "1\n" }, author: "ann" });
  const number = await github.openPullRequest({ repo, head: "feat", title: "A new checkout", author: "ann" });
  return {
    github,
    number,
    commit,
    client: (more) => createGitHubClient({ apiUrl: github.apiUrl, token, clock, log, commentGapMs: 0, ...more }),
    [Symbol.asyncDispose]: () => github[Symbol.asyncDispose](),
  };
}

/** What the store does: plain data by key, kept as JSON. */
export function createMemory(): Memory & { lose(): void } {
  const rows = new Map<string, string>();
  return {
    get: (preview) => {
      const row = rows.get(preview);
      return row === undefined ? null : (JSON.parse(row) as Published);
    },
    set: (preview, published) => void rows.set(preview, JSON.stringify(published)),
    lose: () => rows.clear(),
  };
}

export function publisherOf(world: World, memory: Memory) {
  return createPublisher({ client: world.client(), memory, log });
}
