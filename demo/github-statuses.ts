import {
  checkText,
  createRoutes,
  paginate,
  readAccount,
  readBody,
  refusal,
  timestamp,
  visibleRepository,
  writableRepository,
  type Routes,
  type World,
} from "./github-world.ts";
import type { Json } from "./github-types.ts";

export type CommitStatus = Json & {
  id: number;
  state: string;
  context: string;
  description: string | null;
  target_url: string | null;
  created_at: string;
};

export type Statuses = {
  routes: Routes;
  /** Of a commit, newest first. */
  of(repository: string, sha: string): CommitStatus[];
};

const states = ["error", "failure", "pending", "success"];

/** Commit statuses, which emulate lacks. */
export function createStatuses(world: World): Statuses {
  const byCommit = new Map<string, CommitStatus[]>();
  const routes = createRoutes();
  let lastId = 0;

  const of = (repository: string, sha: string) => byCommit.get(`${repository}@${sha}`) ?? [];

  async function commit(repository: string, ref: string): Promise<string> {
    const sha = await world.git.repository(repository).read(ref);
    if (sha === null) throw refusal(422, `No commit found for SHA: ${ref}`);
    return sha;
  }

  routes.post("/repos/:owner/:repo/statuses/:sha", async (c) => {
    const repository = await writableRepository(world, c);
    const sha = await commit(repository.full_name, c.req.param("sha"));
    const body = await readBody(c);
    if (!states.includes(String(body["state"]))) {
      throw refusal(422, "Validation Failed", [{ resource: "Status", field: "state", code: "invalid" }]);
    }
    checkText(body, "description", { resource: "Status", length: 140 });
    const creator = await readAccount(world, c.get("caller").login);
    const status: CommitStatus = {
      id: ++lastId,
      node_id: `SC_${lastId}`,
      url: `${repository["url"] as string}/statuses/${sha}`,
      state: String(body["state"]),
      context: typeof body["context"] === "string" ? body["context"] : "default",
      description: typeof body["description"] === "string" ? body["description"] : null,
      target_url: typeof body["target_url"] === "string" ? body["target_url"] : null,
      creator,
      created_at: timestamp(),
      updated_at: timestamp(),
    };
    byCommit.set(`${repository.full_name}@${sha}`, [status, ...of(repository.full_name, sha)]);
    world.events.emit("status", { ...status, sha, name: repository.full_name, repository, sender: creator });
    return c.json(status, 201);
  });

  routes.get("/repos/:owner/:repo/commits/:ref/statuses", async (c) => {
    const { full_name } = await visibleRepository(world, c);
    return c.json(paginate(c, of(full_name, await commit(full_name, c.req.param("ref")))));
  });

  routes.get("/repos/:owner/:repo/commits/:ref/status", async (c) => {
    const repository = await visibleRepository(world, c);
    const sha = await commit(repository.full_name, c.req.param("ref"));
    const statuses = latest(of(repository.full_name, sha));
    return c.json({ state: combine(statuses), statuses, sha, total_count: statuses.length, repository });
  });

  return { routes, of };
}

/** The newest status of each context. */
export function latest(statuses: CommitStatus[]): CommitStatus[] {
  return statuses.filter((status, index) => statuses.findIndex((other) => other.context === status.context) === index);
}

function combine(statuses: CommitStatus[]): string {
  if (statuses.some(({ state }) => state === "error" || state === "failure")) return "failure";
  return statuses.length === 0 || statuses.some(({ state }) => state === "pending") ? "pending" : "success";
}
