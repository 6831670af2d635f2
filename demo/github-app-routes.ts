import { ask, createRoutes, refusal, reply, repositoryName, type Routes, type World } from "./github-world.ts";
import type { AppSeed, Json, RepositoryBody } from "./github-types.ts";

/** What the App's owner and its users do to it. */
export type Installations = {
  /** Ends every token that was given so far. */
  revokeTokens(): void;
  /** Takes the App off a repository, or puts it back. */
  uninstall(repository: string, on?: boolean): void;
  /** What tokens were made for, oldest first. */
  granted(): { repositories: string[]; permissions: Json }[];
  /** Repositories that it was taken off. */
  without(): string[];
  grant(token: string, body: Json): void;
};

export function createInstallations(world: World): Installations {
  const tokens: { token: string; body: Json }[] = [];
  const without = new Set<string>();
  return {
    revokeTokens: () => tokens.forEach(({ token }) => world.tokens.delete(token)),
    uninstall(repository, on = true) {
      if (on) without.add(repository);
      else without.delete(repository);
      this.revokeTokens();
    },
    granted: () =>
      tokens.map(({ body }) => ({
        repositories: (body["repositories"] ?? []) as string[],
        permissions: (body["permissions"] ?? {}) as Json,
      })),
    without: () => [...without],
    grant: (token, body) => void tokens.push({ token, body }),
  };
}

/** Calls that Apps make about themselves. */
export function appRoutes(options: {
  world: World;
  installations: Installations;
  app: AppSeed | undefined;
  repositories: string[];
}): Routes {
  const { world, installations, app, repositories } = options;
  const routes = createRoutes();

  routes.get("/repos/:owner/:repo/installation", async (c) => {
    if (installations.without().includes(repositoryName(c))) throw refusal(404, "Not Found");
    return reply(c, await ask(world, c));
  });

  routes.post("/app/installations/:id{\\d+}/access_tokens", async (c) => {
    const body = (await c.req.json().catch(() => ({}))) as Json;
    for (const name of installations.without()) {
      const { body: lost } = await world.emulate.ask("keeper", "GET", `/repos/${name}`);
      const wanted = [body["repositories"], body["repository_ids"]].flat();
      if (wanted.includes(name.split("/")[1]) || wanted.includes((lost as RepositoryBody).id))
        throw refusal(422, "There is at least one repository that is not accessible to the parent installation.");
    }
    const answer = await ask(world, c, body);
    const token = (answer.body as Json)["token"];
    if (answer.status === 201 && typeof token === "string") {
      world.tokens.set(token, { login: `${app?.slug}[bot]`, kind: "installation", authorization: `token ${token}` });
      installations.grant(token, body);
    }
    return reply(c, answer);
  });

  routes.get("/installation/repositories", async (c) => {
    const caller = c.get("caller");
    if (caller.kind !== "installation") {
      throw refusal(
        403,
        "You must authenticate with an installation access token in order to list repositories for an installation.",
      );
    }
    const answers = await Promise.all(repositories.map((name) => world.emulate.ask(caller, "GET", `/repos/${name}`)));
    const seen = answers.filter(({ status }) => status === 200).map(({ body }) => body as RepositoryBody);
    return c.json({ total_count: seen.length, repository_selection: "all", repositories: seen });
  });

  return routes;
}
