import { describeDelivery } from "./github-events.ts";
import { createRoutes, paginate, refusal, writableRepository, type Routes, type World } from "./github-world.ts";

/** The hook's recent deliveries, and sending one again: by repository, or by App. */
export function hookRoutes(world: World): Routes {
  const { events } = world;
  const routes = createRoutes();
  const repositoryHook = "/repos/:owner/:repo/hooks/:hook{\\d+}/deliveries";

  routes.use("/repos/:owner/:repo/hooks/*", async (c, next) => {
    await writableRepository(world, c);
    await next();
  });
  routes.use("/app/hook/*", async (c, next) => {
    if (c.get("caller").kind !== "app") throw refusal(401, "A JSON web token could not be decoded");
    await next();
  });

  for (const path of [repositoryHook, "/app/hook/deliveries"]) {
    routes.get(path, (c) =>
      c.json(
        paginate(
          c,
          events.deliveries().map((delivery) => describeDelivery(delivery, false)),
        ),
      ),
    );

    routes.get(`${path}/:id{\\d+}`, (c) => {
      const found = events.deliveries().find(({ id }) => id === Number(c.req.param("id")));
      if (found === undefined) throw refusal(404, "Not Found");
      return c.json(describeDelivery(found, true));
    });

    routes.post(`${path}/:id{\\d+}/attempts`, (c) => {
      if (!events.redeliver(Number(c.req.param("id")))) throw refusal(404, "Not Found");
      return c.json({}, 202);
    });
  }

  routes.get("/repos/:owner/:repo/hooks", (c) => {
    return c.json([
      { type: "Repository", id: events.hookId, name: "web", active: true, events: ["*"], config: events.config() },
    ]);
  });

  // The only hook that emulate knows is the front's own.
  routes.all("/repos/:owner/:repo/hooks/*", (c) =>
    c.json({ message: "the stand-in has one hook, made when it starts" }, 501),
  );

  return routes;
}
