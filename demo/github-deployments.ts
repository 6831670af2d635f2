import type { Context } from "hono";
import {
  checkText,
  createRoutes,
  paginate,
  readAccount,
  readBody,
  refusal,
  repositoryName,
  timestamp,
  visibleRepository,
  writableRepository,
  type Env,
  type Routes,
  type World,
} from "./github-world.ts";
import type { Json } from "./github-types.ts";

type DeploymentStatus = Json & {
  id: number;
  state: string;
  description: string;
  environment_url: string;
  log_url: string;
  created_at: string;
};
export type Deployment = Json & { id: number; ref: string; sha: string; environment: string; created_at: string };
type Kept = { repository: string; deployment: Deployment; statuses: DeploymentStatus[] };

export type Deployments = {
  routes: Routes;
  /** Of a repository, newest first; so are the statuses of each. */
  of(repository: string): { deployment: Deployment; statuses: DeploymentStatus[] }[];
};

const states = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];
const invalid = (resource: string, field: string) =>
  refusal(422, "Validation Failed", [{ resource, field, code: "invalid" }]);

/** Deployments and their statuses, which emulate lacks. `failing` tells whether a commit has statuses that are no success. */
export function createDeployments(world: World, failing: (repository: string, sha: string) => boolean): Deployments {
  const kept: Kept[] = [];
  const routes = createRoutes();
  const path = "/repos/:owner/:repo/deployments";
  let lastId = 0;

  const of = (repository: string) => kept.filter((one) => one.repository === repository).toReversed();

  function find(c: Context<Env>): Kept {
    const found = of(repositoryName(c)).find(({ deployment }) => deployment.id === Number(c.req.param("id")));
    if (found === undefined) throw refusal(404, "Not Found");
    return found;
  }

  routes.get(path, async (c) => {
    await visibleRepository(world, c);
    const asked = ["sha", "ref", "task", "environment"].map((key) => [key, c.req.query(key)] as const);
    const fits = (deployment: Deployment) =>
      asked.every(([key, value]) => value === undefined || deployment[key] === value);
    return c.json(
      paginate(
        c,
        of(repositoryName(c))
          .map(({ deployment }) => deployment)
          .filter(fits),
      ),
    );
  });

  routes.get(`${path}/:id{\\d+}`, async (c) => {
    await visibleRepository(world, c);
    return c.json(find(c).deployment);
  });

  routes.post(path, async (c) => {
    const repository = await writableRepository(world, c);
    const body = await readBody(c);
    if (typeof body["ref"] !== "string") throw invalid("Deployment", "ref");
    const sha = await world.git.repository(repository.full_name).read(body["ref"]);
    if (sha === null) throw refusal(422, `No ref found for: ${body["ref"]}`);
    const contexts = body["required_contexts"];
    if (contexts === undefined && failing(repository.full_name, sha))
      throw refusal(409, "Conflict: Commit status checks failed for " + body["ref"]);
    const id = ++lastId;
    const url = `${repository["url"] as string}/deployments/${id}`;
    const creator = await readAccount(world, c.get("caller").login);
    const environment = typeof body["environment"] === "string" ? body["environment"] : "production";
    const deployment: Deployment = {
      id,
      node_id: `DE_${id}`,
      url,
      sha,
      ref: body["ref"],
      task: body["task"] ?? "deploy",
      payload: body["payload"] ?? {},
      environment,
      original_environment: environment,
      description: body["description"] ?? null,
      creator,
      transient_environment: body["transient_environment"] ?? false,
      production_environment: body["production_environment"] ?? environment === "production",
      created_at: timestamp(),
      updated_at: timestamp(),
      statuses_url: `${url}/statuses`,
      repository_url: repository["url"],
    };
    kept.push({ repository: repository.full_name, deployment, statuses: [] });
    world.events.emit("deployment", { action: "created", deployment, repository, sender: creator });
    return c.json(deployment, 201);
  });

  routes.delete(`${path}/:id{\\d+}`, async (c) => {
    const { full_name } = await writableRepository(world, c);
    const one = find(c);
    const removable = of(full_name).length === 1 || one.statuses[0]?.state === "inactive";
    if (!removable)
      throw refusal(
        422,
        "We cannot delete an active deployment unless it is the only deployment in a given environment.",
      );
    kept.splice(kept.indexOf(one), 1);
    return c.body(null, 204);
  });

  routes.get(`${path}/:id{\\d+}/statuses`, async (c) => {
    await visibleRepository(world, c);
    return c.json(paginate(c, find(c).statuses));
  });

  routes.post(`${path}/:id{\\d+}/statuses`, async (c) => {
    const repository = await writableRepository(world, c);
    const one = find(c);
    const body = await readBody(c);
    if (!states.includes(String(body["state"]))) throw invalid("DeploymentStatus", "state");
    checkText(body, "description", { resource: "DeploymentStatus", length: 140 });
    const creator = await readAccount(world, c.get("caller").login);
    const status = addStatus(one, body, creator);
    // By default a success retires what was deployed there before, except where environments come and go.
    if (status.state === "success" && body["auto_inactive"] !== false) retireOthers(one, creator);
    world.events.emit("deployment_status", {
      action: "created",
      deployment_status: status,
      deployment: one.deployment,
      repository,
      sender: creator,
    });
    return c.json(status, 201);
  });

  function addStatus(one: Kept, body: Json, creator: unknown): DeploymentStatus {
    const id = ++lastId;
    const url = one.deployment["url"] as string;
    const text = (key: string) => (typeof body[key] === "string" ? body[key] : "");
    const status: DeploymentStatus = {
      id,
      node_id: `DES_${id}`,
      url: `${url}/statuses/${id}`,
      state: text("state"),
      creator,
      description: text("description"),
      environment: one.deployment.environment,
      environment_url: text("environment_url"),
      log_url: text("log_url") || text("target_url"),
      target_url: text("log_url") || text("target_url"),
      created_at: timestamp(),
      updated_at: timestamp(),
      deployment_url: url,
    };
    one.statuses.unshift(status);
    return status;
  }

  function retireOthers(newest: Kept, creator: unknown): void {
    for (const other of of(newest.repository)) {
      const { environment, transient_environment, production_environment } = other.deployment;
      const same = other !== newest && environment === newest.deployment.environment;
      if (same && transient_environment !== true && production_environment !== true)
        addStatus(other, { state: "inactive" }, creator);
    }
  }

  return { routes, of };
}
