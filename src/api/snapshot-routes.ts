import { Hono } from "hono";
import type { CallerEnv } from "./caller.ts";
import type { ApiWorld } from "./world.ts";

/** The data that previews branch from: what there is of it, and what is done about it; for the whole server. */
export function snapshotRoutes({ snapshots }: ApiWorld): Hono<CallerEnv> {
  return new Hono<CallerEnv>()
    .get("/", async (c) => c.json({ snapshots: await snapshots.list(), use: await snapshots.use() }))
    .get("/:id", async (c) => c.json(await snapshots.show(c.req.param("id"))));
}
