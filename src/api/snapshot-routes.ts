import { Hono } from "hono";
import type { SourceView } from "../domain/source.ts";
import { allows } from "../domain/token.ts";
import type { Caller, CallerEnv } from "./caller.ts";
import { needs } from "./require-caller.ts";
import type { ApiWorld } from "./world.ts";

/** The data that previews branch from: what there is of it, and what admins do about it; for the whole server. */
export function snapshotRoutes({ snapshots }: ApiWorld): Hono<CallerEnv> {
  const sourceFor = (caller: Caller, id: string) =>
    snapshots
      .sources()
      .map((source) => withoutWords(source, caller))
      .find(({ name }) => name === id);
  return new Hono<CallerEnv>()
    .get("/", async (c) => {
      const sources = snapshots.sources().map((source) => withoutWords(source, c.get("caller")));
      return c.json({ snapshots: await snapshots.list(), sources, use: await snapshots.use() });
    })
    .get("/:id", async (c) => {
      const id = c.req.param("id");
      return c.json(sourceFor(c.get("caller"), id) ?? (await snapshots.show(id)));
    })
    .post("/:id/refresh", needs("admin"), (c) => {
      snapshots.refresh(c.req.param("id"), c.get("asker"));
      return c.json({ accepted: `${c.req.param("id")} is read anew` }, 202);
    })
    .post("/:id/build", needs("admin"), async (c) => {
      const built = await snapshots.build(c.req.param("id"), c.get("asker"));
      return c.json({ accepted: `${built.join(", ")} is built anew`, built }, 202);
    })
    .delete("/:id", needs("admin"), async (c) =>
      c.json({ removed: await snapshots.remove(c.req.param("id"), c.get("asker")) }),
    );
}

/** What a command or a database said is for the operator alone. */
function withoutWords(source: SourceView, caller: Caller): SourceView {
  const isOperator = caller.kind === "token" && allows(caller.scopes, "admin");
  if (isOperator || !source.read?.failure) return source;
  return { ...source, read: { ...source.read, failure: { ...source.read.failure, words: null } } };
}
