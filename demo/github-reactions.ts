import {
  createRoutes,
  paginate,
  readAccount,
  readBody,
  refusal,
  repositoryName,
  timestamp,
  visibleRepository,
  type Env,
  type Routes,
  type World,
} from "./github-world.ts";
import type { Account, CommentBody, Json } from "./github-types.ts";
import type { Context } from "hono";

type Reaction = { id: number; node_id: string; user: Account; content: string; created_at: string };

export type Reactions = {
  routes: Routes;
  /** Of an issue comment, oldest first. */
  of(commentId: number): Reaction[];
  /** A comment with its reactions counted. */
  count(comment: CommentBody): CommentBody;
};

const contents = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

/** Reactions on issue comments, which emulate lacks. */
export function createReactions(world: World): Reactions {
  const byComment = new Map<number, Reaction[]>();
  const routes = createRoutes();
  const path = "/repos/:owner/:repo/issues/comments/:comment{\\d+}/reactions";
  let lastId = 0;

  const of = (commentId: number) => byComment.get(commentId) ?? [];

  async function commentOf(c: Context<Env>): Promise<number> {
    await visibleRepository(world, c);
    const id = Number(c.req.param("comment"));
    const { status } = await world.emulate.ask("keeper", "GET", `/repos/${repositoryName(c)}/issues/comments/${id}`);
    if (status !== 200) throw refusal(404, "Not Found");
    return id;
  }

  routes.get(path, async (c) => {
    const content = c.req.query("content");
    const all = of(await commentOf(c));
    return c.json(paginate(c, content === undefined ? all : all.filter((reaction) => reaction.content === content)));
  });

  routes.post(path, async (c) => {
    const comment = await commentOf(c);
    const { content } = await readBody(c);
    if (typeof content !== "string" || !contents.includes(content)) {
      throw refusal(422, "Validation Failed", [{ resource: "Reaction", field: "content", code: "invalid" }]);
    }
    const user = await readAccount(world, c.get("caller").login);
    const same = of(comment).find((reaction) => reaction.content === content && reaction.user.login === user.login);
    if (same !== undefined) return c.json(same, 200);
    const reaction = { id: ++lastId, node_id: `REA_${lastId}`, user, content, created_at: timestamp() };
    byComment.set(comment, [...of(comment), reaction]);
    return c.json(reaction, 201);
  });

  routes.delete(`${path}/:id{\\d+}`, async (c) => {
    const comment = await commentOf(c);
    const left = of(comment).filter((reaction) => reaction.id !== Number(c.req.param("id")));
    if (left.length === of(comment).length) throw refusal(404, "Not Found");
    byComment.set(comment, left);
    return c.body(null, 204);
  });

  function count(comment: CommentBody): CommentBody {
    const all = of(comment.id);
    const counts = Object.fromEntries(
      contents.map((content) => [content, all.filter((one) => one.content === content).length]),
    );
    return { ...comment, reactions: { ...(comment["reactions"] as Json), ...counts, total_count: all.length } };
  }

  return { routes, of, count };
}
