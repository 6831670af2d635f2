import { Hono } from "hono";
import type { Deployments } from "./github-deployments.ts";
import { escapeHtml, renderMarkdown } from "./github-markdown.ts";
import { pageHtml } from "./github-page-style.ts";
import type { Reactions } from "./github-reactions.ts";
import { latest, type Statuses } from "./github-statuses.ts";
import type { CommentBody, PullBody } from "./github-types.ts";
import { readPull, type World } from "./github-world.ts";

export type PageOptions = {
  world: World;
  repositories: string[];
  reactions: Pick<Reactions, "of">;
  deployments: Pick<Deployments, "of">;
  statuses: Pick<Statuses, "of">;
};

const emoji: Record<string, string> = {
  "+1": "👍",
  "-1": "👎",
  laugh: "😄",
  confused: "😕",
  heart: "❤️",
  hooray: "🎉",
  rocket: "🚀",
  eyes: "👀",
};
const marks: Record<string, string> = { success: "good", failure: "bad", error: "bad", inactive: "idle" };

/** The pages that a person looks at: the open pull requests, and one pull request as its author sees it. */
export function pageRoutes(options: PageOptions): Hono {
  const { world, repositories } = options;
  const pages = new Hono();
  pages.get("/", async (c) => c.html(pageHtml("Pull requests", (await Promise.all(repositories.map(list))).join(""))));
  pages.get("/:owner/:repo", async (c) =>
    c.html(pageHtml("Pull requests", await list(`${c.req.param("owner")}/${c.req.param("repo")}`))),
  );
  pages.get("/:owner/:repo/pull/:number{\\d+}", async (c) => {
    const repository = `${c.req.param("owner")}/${c.req.param("repo")}`;
    const pull = await readPull(world, repository, c.req.param("number")).catch(() => null);
    if (pull === null) return c.html(pageHtml("Not found", "<h1>This is not the page you are looking for.</h1>"), 404);
    return c.html(pageHtml(`${pull.title} · Pull request #${pull.number}`, await pullHtml(options, repository, pull)));
  });

  async function list(repository: string): Promise<string> {
    const { status, body } = await world.emulate.ask(
      "keeper",
      "GET",
      `/repos/${repository}/pulls?state=all&per_page=100`,
    );
    const pulls = status === 200 ? (body as PullBody[]) : [];
    const rows = pulls.map((pull) => {
      return `<li>${badge(pull)} <a href="/${escapeHtml(repository)}/pull/${pull.number}">${escapeHtml(pull.title)}</a> <span class="muted">#${pull.number} by ${escapeHtml(pull.user.login)}</span></li>`;
    });
    return `<h2>${escapeHtml(repository)}</h2>${rows.length > 0 ? `<ul class="pulls">${rows.join("")}</ul>` : '<p class="muted">No pull requests yet.</p>'}`;
  }

  return pages;
}

async function pullHtml(options: PageOptions, repository: string, pull: PullBody): Promise<string> {
  const { world, reactions, deployments, statuses } = options;
  const answer = await world.emulate.ask(
    "keeper",
    "GET",
    `/repos/${repository}/issues/${pull.number}/comments?per_page=100`,
  );
  const comments = answer.body as CommentBody[];
  const description =
    pull.body === null || pull.body === "" ? "<em>No description provided.</em>" : renderMarkdown(pull.body);
  const commits = await world.git
    .repository(repository)
    .commitsBetween(pull.base.sha, pull.head.sha)
    .catch(() => []);
  return [
    `<p class="muted"><a href="/${escapeHtml(repository)}">${escapeHtml(repository)}</a></p>`,
    `<h1>${escapeHtml(pull.title)} <span class="muted">#${pull.number}</span></h1>`,
    `<p>${badge(pull)} <strong>${escapeHtml(pull.user.login)}</strong> <span class="muted">wants to merge</span> <code>${escapeHtml(pull.head.label)}</code> <span class="muted">into</span> <code>${escapeHtml(pull.base.ref)}</code></p>`,
    pull.labels.map(({ name }) => `<span class="label">${escapeHtml(name)}</span>`).join(" "),
    card({ user: pull.user, at: String(pull["created_at"]), body: description }),
    `<ul class="commits">${commits.map(({ sha, message, author }) => `<li><code>${sha.slice(0, 7)}</code> ${escapeHtml(message.split("\n")[0] ?? "")} <span class="muted">${escapeHtml(author)}</span></li>`).join("")}</ul>`,
    ...comments.map(({ id, user, created_at: at, body }) => {
      return card({
        user,
        at,
        body: renderMarkdown(body) + reactionsHtml(reactions.of(id)),
        anchor: `issuecomment-${id}`,
      });
    }),
    checksHtml(latest(statuses.of(repository, pull.head.sha))),
    deploymentsHtml(
      deployments.of(repository).filter(({ deployment }) => commits.some(({ sha }) => sha === deployment.sha)),
    ),
  ].join("\n");
}

function badge(pull: PullBody): string {
  const state = pull.merged_at !== null ? "merged" : pull.state === "closed" ? "closed" : pull.draft ? "draft" : "open";
  return `<span class="badge ${state}">${state}</span>`;
}

type Card = { user: { login: string; type: string }; at: string; body: string; anchor?: string };

function card({ user, at, body, anchor = "description" }: Card): string {
  const name = escapeHtml(user.login);
  const bot = user.type === "Bot" || user.login.endsWith("-bot") ? ' <span class="label">bot</span>' : "";
  return `<article id="${anchor}"><header><span class="face">${name.slice(0, 1).toUpperCase()}</span><strong>${name}</strong>${bot} <time class="muted">${escapeHtml(at.slice(11, 19))}</time></header><div class="body">${body}</div></article>`;
}

function reactionsHtml(reactions: { content: string; user: { login: string } }[]): string {
  if (reactions.length === 0) return "";
  const shown = reactions.map(
    ({ content, user }) =>
      `<span class="reaction" title="${escapeHtml(content)}">${emoji[content] ?? ""} ${escapeHtml(user.login)}</span>`,
  );
  return `<p class="reactions">${shown.join(" ")}</p>`;
}

function checksHtml(
  statuses: { state: string; context: string; description: string | null; target_url: string | null }[],
): string {
  if (statuses.length === 0) return "";
  const rows = statuses.map(({ state, context, description, target_url }) => {
    return `<li>${dot(state)} <strong>${escapeHtml(context)}</strong> <span class="muted">${escapeHtml(description ?? state)}</span>${link(target_url, "Details")}</li>`;
  });
  return `<section><h2>Checks</h2><ul>${rows.join("")}</ul></section>`;
}

function deploymentsHtml(deployments: ReturnType<Deployments["of"]>): string {
  if (deployments.length === 0) return "";
  const rows = deployments.map(({ deployment, statuses: [newest] }) => {
    const state = newest?.state ?? "pending";
    return `<li>${dot(state)} <strong>${escapeHtml(deployment.environment)}</strong> <code>${deployment.sha.slice(0, 7)}</code> <span class="muted">${escapeHtml(newest?.description || state)}</span>${link(newest?.environment_url, "View deployment")}</li>`;
  });
  return `<section><h2>Deployments</h2><ul>${rows.join("")}</ul></section>`;
}

function dot(state: string): string {
  return `<span class="dot ${marks[state] ?? "busy"}" title="${escapeHtml(state)}"></span>`;
}

function link(url: string | null | undefined, text: string): string {
  return url != null && /^https?:\/\//.test(url) ? ` <a href="${escapeHtml(url)}">${text}</a>` : "";
}
