import type { Context } from "hono";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { wholeSeconds, type Answer, type Emulate } from "./github-emulate.ts";
import type { Events } from "./github-events.ts";
import type { GitBackend } from "./git-server.ts";
import type { Turn } from "./github-intake.ts";
import type { Pulls } from "./github-pulls.ts";
import type { Account, Caller, Json, PullBody, RepositoryBody } from "./github-types.ts";

/** The parts of the stand-in, as its routes and actions see them. */
export type World = {
  emulate: Emulate;
  git: GitBackend;
  events: Events;
  pulls: Pulls;
  turn: Turn;
  /** Every token that works, and whose it is. */
  tokens: Map<string, Caller>;
  origin: string;
};

export type Env = { Variables: { caller: Caller } };
export type Routes = Hono<Env>;

export const createRoutes = (): Routes => new Hono<Env>();

/** Asks emulate the same question. */
export async function forward(world: World, c: Context<Env>): Promise<Response> {
  return reply(c, await ask(world, c));
}

/** Puts the request's question to emulate, as the same caller; `body` in place of the request's own. */
export async function ask(world: World, c: Context<Env>, body?: Json): Promise<Answer> {
  const url = new URL(c.req.url);
  const path = url.pathname.replace("/api/v3", "") + url.search;
  const sent = body ?? (["GET", "HEAD"].includes(c.req.method) ? undefined : await readBody(c));
  const answer = await world.emulate.ask(c.get("caller"), c.req.method, path, sent);
  // GitHub does not tell that a private repository exists.
  return c.req.method === "GET" && answer.status === 403
    ? { ...answer, status: 404, body: { message: "Not Found" } }
    : answer;
}

/** Answers as emulate did, with `body` in place of its own when given. */
export function reply(c: Context<Env>, answer: Answer, body?: unknown): Response {
  const link = answer.headers.get("link");
  if (link !== null) c.header("Link", link);
  if (answer.status === 204) return c.body(null, 204);
  return c.json(answer.status < 300 && body !== undefined ? body : answer.body, answer.status as ContentfulStatusCode);
}

export async function readBody(c: Context<Env>): Promise<Json> {
  const text = await c.req.text();
  try {
    return text === "" ? {} : (JSON.parse(text) as Json);
  } catch {
    throw refusal(400, "Problems parsing JSON");
  }
}

/** An error in GitHub's words, for throwing. */
export function refusal(status: ContentfulStatusCode, message: string, errors?: Json[]): HTTPException {
  const body = {
    message,
    ...(errors === undefined ? {} : { errors }),
    documentation_url: "https://docs.github.com/rest",
    status: String(status),
  };
  return new HTTPException(status, { res: Response.json(body, { status }) });
}

/** `owner/name` of the route; throws 404 when the caller may not see it. */
export async function visibleRepository(world: World, c: Context<Env>): Promise<RepositoryBody> {
  const answer = await world.emulate.ask(c.get("caller"), "GET", `/repos/${repositoryName(c)}`);
  if (answer.status !== 200) throw refusal(404, "Not Found");
  return answer.body as RepositoryBody;
}

/** The same, and throws 403 when the caller may not write: emulate lets everybody write to public repositories. */
export async function writableRepository(world: World, c: Context<Env>): Promise<RepositoryBody> {
  const repository = await visibleRepository(world, c);
  if (!(await mayWrite(world, c.get("caller"), repository.full_name)))
    throw refusal(403, "Must have push access to repository");
  return repository;
}

async function mayWrite(world: World, caller: Caller, repository: string): Promise<boolean> {
  if (caller.kind !== "user") return caller.kind === "installation";
  const { body } = await world.emulate.ask(
    caller,
    "GET",
    `/repos/${repository}/collaborators/${caller.login}/permission`,
  );
  return ["admin", "maintain", "push"].includes(String((body as Json)["permission"]));
}

/** Throws 422 unless `key` is absent or a text of at most `length` characters. */
export function checkText(body: Json, key: string, limit: { resource: string; length: number }): void {
  const value = body[key] ?? "";
  if (typeof value === "string" && value.length <= limit.length) return;
  throw refusal(422, "Validation Failed", [{ resource: limit.resource, field: key, code: "invalid" }]);
}

export function repositoryName(c: Context<Env>): string {
  return `${c.req.param("owner")}/${c.req.param("repo")}`;
}

/** A pull request as it is now; throws 404. */
export async function readPull(world: World, repository: string, number: number | string): Promise<PullBody> {
  const { status, body } = await world.emulate.ask("keeper", "GET", `/repos/${repository}/pulls/${number}`);
  if (status !== 200) throw refusal(404, "Not Found");
  return world.pulls.mend(body as PullBody);
}

/** An account in the short form that events and lists carry. */
export async function readAccount(world: World, login: string): Promise<Account> {
  const { status, body } = await world.emulate.ask("keeper", "GET", `/users/${encodeURIComponent(login)}`);
  if (status !== 200) throw refusal(404, `no user ${login}`);
  const { id, type, node_id, avatar_url, url, html_url, site_admin } = body as Account;
  return { login, id, node_id, avatar_url, url, html_url, type, site_admin };
}

export async function readRepository(world: World, name: string): Promise<RepositoryBody> {
  const { status, body } = await world.emulate.ask("keeper", "GET", `/repos/${name}`);
  if (status !== 200) throw refusal(404, `no repository ${name}`);
  return body as RepositoryBody;
}

/** Now, as GitHub tells times. */
export function timestamp(): string {
  return wholeSeconds(new Date().toISOString());
}

/** One page of a list, by `page` and `per_page`. */
export function paginate<T>(c: Context<Env>, list: T[]): T[] {
  const perPage = Math.min(100, Number(c.req.query("per_page") ?? 30) || 30);
  const page = Math.max(1, Number(c.req.query("page") ?? 1) || 1);
  const url = new URL(c.req.url);
  if (page * perPage < list.length) {
    url.searchParams.set("page", String(page + 1));
    c.header("Link", `<${url.href}>; rel="next"`);
  }
  return list.slice((page - 1) * perPage, page * perPage);
}
