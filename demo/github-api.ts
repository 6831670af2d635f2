import { Hono } from "hono";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { commentRoutes } from "./github-comment-routes.ts";
import { appRoutes, type Installations } from "./github-app-routes.ts";
import type { Checks } from "./github-checks.ts";
import type { Deployments } from "./github-deployments.ts";
import { hookRoutes } from "./github-hook-routes.ts";
import { pullRoutes } from "./github-pull-routes.ts";
import type { Manifests } from "./github-manifests.ts";
import type { Reactions } from "./github-reactions.ts";
import type { Statuses } from "./github-statuses.ts";
import type { AppSeed, Caller, Json } from "./github-types.ts";
import {
  ask,
  createRoutes,
  forward,
  refusal,
  writableRepository,
  type Env,
  type Routes,
  type World,
} from "./github-world.ts";

export type ApiOptions = {
  world: World;
  reactions: Reactions;
  checks: Checks;
  deployments: Deployments;
  statuses: Statuses;
  app: AppSeed | undefined;
  installations: Installations;
  manifests: Manifests;
  /** Every repository there is. */
  repositories: string[];
};

const nobody: Caller = { login: "", kind: "nobody", authorization: null };
// emulate's own commits are not those of the git server: better no answer than a wrong one.
const ofCode = ["contents", "commits", "git", "branches", "compare", "tags", "readme", "tarball", "zipball", "merges"];

/** GitHub's REST API below /api/v3: what emulate tells, what the front mends, and what it adds. */
export function createApi(options: ApiOptions): Hono<Env> {
  const { world, reactions, checks, deployments, statuses, app } = options;
  const api = new Hono<Env>().basePath("/api/v3");
  api.onError((error) => {
    if (error instanceof HTTPException) return error.getResponse();
    console.error("stand-in GitHub:", error);
    return Response.json({ message: "Server Error" }, { status: 500 });
  });

  api.use(etag({ weak: true }));
  api.use(async (c, next) => {
    const caller = authenticate(c.req.header("Authorization"), world.tokens, app);
    if (caller === null)
      return c.json({ message: "Bad credentials", documentation_url: "https://docs.github.com/rest" }, 401);
    c.set("caller", caller);
    return next();
  });

  for (const { routes } of [reactions, checks, deployments, statuses]) api.route("/", routes);
  for (const routes of [options.manifests.routes, pullRoutes(world), hookRoutes(world), appRoutes(options)]) {
    api.route("/", routes);
  }
  api.route("/", commentRoutes(world, reactions));
  api.route("/", peopleRoutes(world));
  for (const part of ofCode) {
    api.all(`/repos/:owner/:repo/${part}/*`, (c) =>
      c.json({ message: `the stand-in does not serve ${part}: ask git` }, 501),
    );
  }
  api.all("*", (c) => forward(world, c));
  return api;
}

function authenticate(
  header: string | undefined,
  tokens: Map<string, Caller>,
  app: AppSeed | undefined,
): Caller | null {
  if (header === undefined) return nobody;
  const token = header.replace(/^(bearer|token) +/i, "");
  // emulate checks the signature of an App's JWT itself.
  if (token.startsWith("eyJ") && app !== undefined) return { login: app.slug, kind: "app", authorization: header };
  return tokens.get(token) ?? null;
}

// What GitHub calls them in `permission`: only four words, whatever the role.
const permissions: Record<string, string> = {
  admin: "admin",
  maintain: "write",
  push: "write",
  triage: "read",
  pull: "read",
};

function peopleRoutes(world: World): Routes {
  const routes = createRoutes();
  routes.get("/repos/:owner/:repo/collaborators/:login/permission", async (c) => {
    const repository = await writableRepository(world, c);
    const login = c.req.param("login");
    const user = await world.emulate.ask("keeper", "GET", `/users/${login}`);
    if (user.status !== 200) throw refusal(404, `${login} is not a user`);
    const answer = await ask(world, c);
    // Everybody may read what is public.
    const outsider = repository.private ? "none" : "read";
    const told = answer.status === 200 ? permissions[String((answer.body as Json)["permission"])] : undefined;
    const permission = told ?? outsider;
    const role = told === undefined ? outsider : (answer.body as Json)["role_name"];
    return c.json({ permission, role_name: role, user: user.body });
  });
  return routes;
}
