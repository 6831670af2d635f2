import { Hono } from "hono";
import { InputError } from "../domain/errors.ts";
import type { CallerEnv } from "./caller.ts";
import type { ApiWorld } from "./world.ts";

/**
 * `/visit?to=URL`: the way into a preview whose `access` is `sign-in`. Who is signed in and may read the repository is
 * sent on to that very host with a pass that is good once; to all others there is no such preview.
 */
export function visitRoutes({ visit }: Pick<ApiWorld, "visit">): Hono<CallerEnv> {
  return new Hono<CallerEnv>().get("/visit", async (c) => {
    const door = visit(c.req.query("to") ?? "");
    if (door === null || !(await c.get("sight").sees(door.preview))) {
      const hint = "Sign in as somebody who may read its repository.";
      throw new InputError("not-found", "there is no preview at this address for you to see", { hint });
    }
    return c.redirect(door.enter(), 303);
  });
}
