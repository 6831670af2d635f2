import type { Context } from "hono";
import type { Reactions } from "./github-reactions.ts";
import type { CommentBody, Json } from "./github-types.ts";
import {
  ask,
  createRoutes,
  paginate,
  readBody,
  refusal,
  reply,
  repositoryName,
  visibleRepository,
  writableRepository,
  type Env,
  type Routes,
  type World,
} from "./github-world.ts";

/** Comments of pull requests and issues, as emulate keeps them. */
export function commentRoutes(world: World, reactions: Reactions): Routes {
  const routes = createRoutes();
  /** By repository, oldest first. */
  const said = new Map<string, number[]>();
  const mend = (comment: CommentBody) => reactions.count(world.pulls.mendComment(comment));

  async function answer(c: Context<Env>, body?: Json): Promise<Response> {
    const answer = await ask(world, c, body);
    if (answer.status >= 300 || answer.status === 204) return reply(c, answer);
    return reply(
      c,
      answer,
      Array.isArray(answer.body) ? (answer.body as CommentBody[]).map(mend) : mend(answer.body as CommentBody),
    );
  }

  async function write(c: Context<Env>): Promise<Response> {
    const body = await readBody(c);
    if (typeof body["body"] === "string" && body["body"].length > 65_536) {
      const message = "Body is too long (maximum is 65536 characters)";
      throw refusal(422, "Validation Failed", [
        { resource: "IssueComment", code: "unprocessable", field: "data", message },
      ]);
    }
    const answered = await answer(c, body);
    if (answered.status === 201) {
      const { id } = (await answered.clone().json()) as CommentBody;
      said.set(repositoryName(c), [...(said.get(repositoryName(c)) ?? []), id]);
    }
    return answered;
  }

  routes.get("/repos/:owner/:repo/issues/:number{\\d+}/comments", (c) => answer(c));
  // emulate takes "comments" for an issue's number here.
  routes.get("/repos/:owner/:repo/issues/comments", async (c) => {
    const { full_name } = await visibleRepository(world, c);
    const { since = "", sort = "created", direction = "asc" } = c.req.query();
    const path = `/repos/${full_name}/issues/comments`;
    const ids = said.get(full_name) ?? [];
    const answers = await Promise.all(ids.map((id) => world.emulate.ask("keeper", "GET", `${path}/${id}`)));
    const found = answers.filter(({ status }) => status === 200).map(({ body }) => body as CommentBody);
    const order = (each: CommentBody) => (sort === "updated" ? `${each.updated_at} ${each.id}` : each.id);
    const listed = found.filter((each) => each.updated_at >= since).toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
    return c.json(paginate(c, (direction === "desc" ? listed.toReversed() : listed).map(mend)));
  });
  routes.get("/repos/:owner/:repo/issues/comments/:id{\\d+}", (c) => answer(c));
  routes.post("/repos/:owner/:repo/issues/:number{\\d+}/comments", (c) => write(c));
  routes.patch("/repos/:owner/:repo/issues/comments/:id{\\d+}", async (c) => {
    const path = `/repos/${repositoryName(c)}/issues/comments/${c.req.param("id")}`;
    const { body } = await world.emulate.ask("keeper", "GET", path);
    // emulate lets everybody edit everything.
    if ((body as Partial<CommentBody>).user?.login !== c.get("caller").login) await writableRepository(world, c);
    return write(c);
  });
  return routes;
}
