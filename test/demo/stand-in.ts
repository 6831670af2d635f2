import { text } from "node:stream/consumers";
import { listen } from "../../demo/github-listener.ts";
import type { Account, CommentBody, Json, PullBody } from "../../demo/github-types.ts";
import { createGitHub, type GitHub, type GitHubOptions } from "../../demo/github-server.ts";

type Received = { event: string; headers: Record<string, string>; raw: string; payload: Payload };

/** What the tests read of payloads; the rest by matching. */
type Payload = Json & { sender: Account; pull_request: PullBody; comment: CommentBody };

type Answer<T> = { status: number; headers: Headers; body: T };

export type StandIn = AsyncDisposable & {
  github: GitHub;
  /** What the webhook got, oldest first. */
  received: Received[];
  /** Events of one kind, when everything has arrived. */
  events(event: string, action?: string): Promise<Received[]>;
  /** Calls the API as the bot, or with another token. */
  api<T = Json>(method: string, path: string, body?: unknown, token?: string | null): Promise<Answer<T>>;
  /** A branch with one change, and its pull request. */
  open(options?: { branch?: string; author?: string }): Promise<number>;
};

export const secret = "a-webhook-secret";
export const token = "a-bot-token";
export const repo = "acme/shop";

/** A stand-in GitHub with a webhook receiver in front of nothing. */
export async function startStandIn(options: Partial<GitHubOptions> = {}): Promise<StandIn> {
  const received: Received[] = [];
  const receiver = await listen((request, response) => {
    void text(request).then((raw) => {
      const headers = request.headers as Record<string, string>;
      received.push({ event: headers["x-github-event"] ?? "", headers, raw, payload: JSON.parse(raw) as Payload });
      response.writeHead(202).end("accepted");
    });
  });
  const github = await createGitHub({
    users: ["alice", "bob", "mallory", "dependabot[bot]"],
    repositories: [
      {
        name: repo,
        files: { "README.md": "# Shop\n", "src/index.js": "1\n" },
        collaborators: { alice: "admin", bob: "push" },
      },
      {
        name: "acme/secret",
        private: true,
        files: { "README.md": "# Secret\n" },
        collaborators: { alice: "maintain", bob: "triage" },
      },
    ],
    webhook: { url: receiver.url, secret },
    token,
    ...options,
  });

  async function api<T>(method: string, path: string, body?: unknown, as: string | null = token): Promise<Answer<T>> {
    const response = await fetch(`${github.apiUrl}${path}`, {
      method,
      headers: as === null ? {} : { Authorization: `Bearer ${as}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (answer === "" ? null : JSON.parse(answer)) as T,
    };
  }

  return {
    github,
    received,
    api,
    async events(event, action) {
      const found = () =>
        received.filter((one) => one.event === event && (action === undefined || one.payload["action"] === action));
      for (let tries = 0; tries < 100 && found().length === 0; tries++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      await github.settled();
      return found();
    },
    async open({ branch = "feat", author = "alice" } = {}) {
      await github.push({ repo, branch, author, files: { "src/index.js": `${branch}\n` } });
      return github.openPullRequest({ repo, head: branch, title: `Add ${branch}`, author });
    },
    async [Symbol.asyncDispose]() {
      await github.stop();
      await receiver.close();
    },
  };
}
