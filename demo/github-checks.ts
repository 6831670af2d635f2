import {
  createRoutes,
  paginate,
  readBody,
  refusal,
  timestamp,
  visibleRepository,
  type Routes,
  type World,
} from "./github-world.ts";
import type { AppSeed, Json } from "./github-types.ts";

export type CheckRun = Json & {
  id: number;
  name: string;
  head_sha: string;
  external_id: string;
  status: string;
  conclusion: string | null;
  details_url: string | null;
  output: { title: string | null; summary: string | null };
};

export type Checks = {
  routes: Routes;
  /** Of a commit, newest first. */
  of(repository: string, sha: string): CheckRun[];
};

/** Check runs, which emulate keeps for commits of its own only. Apps alone may make them. */
export function createChecks(world: World, app: AppSeed | undefined): Checks {
  const runs: { repository: string; run: CheckRun }[] = [];
  const routes = createRoutes();
  const of = (repository: string, sha: string) =>
    runs
      .filter((each) => each.repository === repository && each.run.head_sha === sha)
      .map(({ run }) => run)
      .toReversed();

  routes.use("/repos/:owner/:repo/check-runs/*", async (c, next) => {
    if (c.get("caller").kind !== "installation") throw refusal(403, "You must authenticate via a GitHub App.");
    await next();
  });

  routes.post("/repos/:owner/:repo/check-runs", async (c) => {
    const { full_name } = await visibleRepository(world, c);
    const body = await readBody(c);
    const sha = String(body["head_sha"]);
    if ((await world.git.repository(full_name).read(sha)) === null)
      throw refusal(422, `No commit found for SHA: ${sha}`);
    const run = change(
      {
        id: 30_000_000_000 + runs.length,
        name: String(body["name"]),
        head_sha: sha,
        external_id: "",
        status: "queued",
        conclusion: null,
        details_url: null,
        output: { title: null, summary: null },
        started_at: timestamp(),
        app: { id: app?.id, slug: app?.slug },
      },
      body,
    );
    runs.push({ repository: full_name, run });
    return c.json(run, 201);
  });

  routes.patch("/repos/:owner/:repo/check-runs/:id{\\d+}", async (c) => {
    const { full_name } = await visibleRepository(world, c);
    const found = runs.find(({ repository, run }) => repository === full_name && run.id === Number(c.req.param("id")));
    if (found === undefined) throw refusal(404, "Not Found");
    found.run = change(found.run, await readBody(c));
    return c.json(found.run);
  });

  routes.get("/repos/:owner/:repo/commits/:ref/check-runs", async (c) => {
    const { full_name } = await visibleRepository(world, c);
    const name = c.req.query("check_name");
    const found = of(full_name, c.req.param("ref")).filter((run) => name === undefined || run.name === name);
    const told = c.req.query("filter") === "all" ? found : found.filter((run, index) => firstOf(found, run) === index);
    return c.json({ total_count: told.length, check_runs: paginate(c, told) });
  });

  return { routes, of };
}

/** GitHub keeps what is not said, and takes a conclusion for completion. */
function change(run: CheckRun, body: Json): CheckRun {
  const conclusion = textOf(body["conclusion"]);
  const status = conclusion === null ? (textOf(body["status"]) ?? run.status) : "completed";
  if (status === "completed" && conclusion === null && run.conclusion === null)
    throw refusal(422, "Invalid request. conclusion is required when status is completed");
  const output = (body["output"] ?? run.output) as CheckRun["output"];
  if (typeof output.summary !== typeof output.title)
    throw refusal(422, "Invalid request. output needs title and summary");
  return {
    ...run,
    status,
    conclusion: status === "completed" ? (conclusion ?? run.conclusion) : null,
    output,
    external_id: textOf(body["external_id"]) ?? run.external_id,
    details_url: textOf(body["details_url"]) ?? run.details_url,
    completed_at: status === "completed" ? timestamp() : null,
  };
}

const textOf = (value: unknown) => (typeof value === "string" ? value : null);
const firstOf = (runs: CheckRun[], { name }: CheckRun) => runs.findIndex((run) => run.name === name);
