import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Emulate } from "./github-emulate.ts";
import type { Events } from "./github-events.ts";
import { listen } from "./github-listener.ts";
import type { Pulls } from "./github-pulls.ts";
import type { CommentBody, Json, PullBody, RepositoryBody } from "./github-types.ts";

export type Intake = AsyncDisposable & { url: string; start(world: World): void };

type World = { emulate: Pick<Emulate, "mend" | "ask">; events: Pick<Events, "emit">; pulls: Pulls; turn: Turn };

/** Runs one piece of work after the other. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

type Told = { event: string; payload: Json };

// What the front mends (and what needs none). The others are either told by the front itself (push, edited) or not at
// all, since nobody compared them with GitHub's.
const passed = ["pull_request", "issue_comment", "issues", "check_run", "check_suite"];

/** Where emulate reports its events: each is mended, then delivered by the front. */
export async function createIntake(): Promise<Intake> {
  let world: World | null = null;
  const bodies = new Map<number, string>();

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const event = String(request.headers["x-github-event"]);
    const body = await text(request);
    response.writeHead(202).end();
    if (world === null || !passed.includes(event)) return;
    const { emulate, events, pulls, turn } = world;
    const payload = emulate.mend(body) as Json;
    // After the write that caused it: emulate reports an opened pull request before the front has set its ref.
    const told = await turn(() => mend({ event, payload }, pulls));
    if (told !== null) events.emit(told.event, told.payload);
  }

  async function mend(told: Told, pulls: Pulls): Promise<Told | null> {
    const { event, payload } = told;
    if (event === "pull_request") return payload["action"] === "edited" ? null : mendPull(payload, pulls);
    if (event === "issues") return mendIssue(payload, pulls);
    if (event === "issue_comment") return mendComment(payload, pulls);
    return told;
  }

  async function mendComment(payload: Json, pulls: Pulls): Promise<Told> {
    const comment = pulls.mendComment(payload["comment"] as CommentBody);
    const before = bodies.get(comment.id);
    bodies.set(comment.id, comment.body);
    const changes = payload["action"] === "edited" ? { changes: { body: { from: before ?? "" } } } : {};
    const issue = await mendCommentedIssue(payload, pulls);
    return { event: "issue_comment", payload: { ...payload, ...changes, issue, comment } };
  }

  async function mendCommentedIssue(payload: Json, pulls: Pulls): Promise<Json> {
    const issue = payload["issue"] as Json & { number: number };
    const repository = payload["repository"] as RepositoryBody;
    if (!pulls.has(repository.full_name, issue.number)) return issue;
    const { body } = await must(world).emulate.ask(
      "keeper",
      "GET",
      `/repos/${repository.full_name}/pulls/${issue.number}`,
    );
    const { html_url, draft, pull_request } = pulls.asIssue(body as PullBody);
    return { ...issue, html_url, draft, pull_request };
  }

  const listener = await listen((request, response) => {
    // While it closes, events of the last moment find nobody.
    receive(request, response).catch((error: unknown) => world && console.error("stand-in GitHub: event lost", error));
  });
  return {
    url: listener.url,
    start: (begun) => void (world = begun),
    async [Symbol.asyncDispose]() {
      world = null;
      await listener.close();
    },
  };
}

async function mendPull(payload: Json, pulls: Pulls): Promise<Told> {
  const pull = await pulls.mend(payload["pull_request"] as PullBody);
  return {
    event: "pull_request",
    payload: { action: payload["action"], number: pull.number, ...payload, pull_request: pull },
  };
}

/** emulate reports labels of a pull request as events of an issue. */
async function mendIssue(payload: Json, pulls: Pulls): Promise<Told> {
  const { issue, ...rest } = payload;
  if (!isPull(issue)) return { event: "issues", payload };
  return mendPull({ ...rest, pull_request: issue }, pulls);
}

function isPull(issue: unknown): issue is PullBody {
  return typeof issue === "object" && issue !== null && "head" in issue;
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error("not started");
  return value;
}

/** Makes a queue of one: what emulate reports waits for the write that caused it. */
export function createTurn(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => null);
    return mine;
  };
}
