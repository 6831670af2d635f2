import { Hono } from "hono";
import { InputError } from "../domain/errors.ts";
import { type ChangingVerb, changingVerbs, nearest } from "../domain/verbs.ts";
import type { CallerEnv } from "./caller.ts";
import type { ApiWorld } from "./world.ts";

/** What programs read of previews, and the verbs that change them. */
export function previewRoutes(world: ApiWorld): Hono<CallerEnv> {
  return new Hono<CallerEnv>()
    .get("/", async (c) => c.json(await c.get("sight").previews()))
    .get("/:id", async (c) => {
      const view = await c.get("sight").preview(c.req.param("id"));
      // A program that may only read the facts of a preview is not thereby let into it.
      return c.json((await c.get("sight").mayChange(view)) ? { ...view, bypass: world.bypass(view.key) } : view);
    })
    .get("/:id/plan", async (c) => c.json(await world.plan((await c.get("sight").preview(c.req.param("id"))).key)))
    .get("/:id/timeline", async (c) => c.json(world.timeline((await c.get("sight").preview(c.req.param("id"))).key)))
    .post("/:id/share", async (c) => {
      const { key } = await c.get("sight").previewToChange(c.req.param("id"));
      return c.json(world.share(key, c.req.query("argument") ?? null, c.get("asker")));
    })
    .post("/:id/allow", async (c) => {
      const { key } = await c.get("sight").previewToChange(c.req.param("id"));
      return c.json(world.allow(key, c.req.query("argument") ?? null, c.get("asker")), 202);
    })
    .post("/:id/:verb", async (c) => {
      const { key } = await c.get("sight").previewToChange(c.req.param("id"));
      const verb = changingVerb(c.req.param("verb"));
      const argument = c.req.query("argument") ?? null;
      return c.json(await world.act(key, { verb, argument }, c.get("asker")), 202);
    });
}

/** The verb a path names, when it changes something; throws InputError `not-found` with the one that was probably meant. */
export function changingVerb(text: string): ChangingVerb {
  const verb = changingVerbs.find((each) => each === text);
  if (verb !== undefined) return verb;
  const meant = nearest(text, changingVerbs);
  const known = `Known are ${changingVerbs.join(", ")}.`;
  throw new InputError("not-found", `there is no verb "${text}"`, {
    hint: meant ? `Did you mean ${meant}? ${known}` : known,
  });
}
