import { expect, test } from "vitest";
import type { PageModel } from "../../src/gateway/page-model.ts";
import { modelOfRoute } from "../../src/gateway/page-model.ts";
import { eventually } from "../support/eventually.ts";
import { type World, get, openUpstream, openWorld, rawClient, rawRequest, routeTo } from "./world.ts";

const model: PageModel = { ...modelOfRoute(routeTo(null, { state: "building" })), commit: "abc1234", log: ["one"] };

async function openBuilding(): Promise<World> {
  const world = await openWorld();
  world.model = model;
  world.route(routeTo(null, { state: "building" }));
  return world;
}

const partsIn = (text: string): string[] =>
  [...text.matchAll(/event: part\ndata: \{"id":"(\w+)"/g)].map(([, id]) => id ?? "");

test("a viewer gets every section, then only those that change, then the word that the site is there", async () => {
  await using world = await openBuilding();
  await using upstream = await openUpstream((_, res) => res.end("site"));
  const viewer = rawClient(world.port, get("/.mayfly/events"));
  await eventually(() => partsIn(viewer.text()).length === 5);
  expect(viewer.text()).toMatch(/Content-Type: text\/event-stream[^]*X-Robots-Tag: noindex/);
  world.model = { ...model, log: ["one", "two"] };
  world.route(routeTo(null, { state: "building" }));
  await eventually(() => viewer.text().includes("two"));
  expect(partsIn(viewer.text())).toEqual(["status", "failure", "log", "timeline", "links", "log"]);
  world.route(routeTo(upstream));
  await viewer.ended;
  expect(viewer.text()).toContain("event: serving");
  expect(world.listeners.size).toBe(0);
});

test("the store's word that it serves is not enough: the table has the upstream or the page stays", async () => {
  await using world = await openBuilding();
  world.model = { ...model, state: "serving" };
  const viewer = rawClient(world.port, get("/.mayfly/events"));
  await eventually(() => viewer.text().includes("Starting abc1234"));
  expect(viewer.text()).not.toContain("event: serving");
  viewer.socket.destroy();
  await eventually(() => world.listeners.size === 0);
});

test("a change that nobody announced is told within seconds", async () => {
  await using world = await openBuilding();
  const viewer = rawClient(world.port, get("/.mayfly/events"));
  await eventually(() => partsIn(viewer.text()).length === 5);
  world.model = { ...model, state: "failed", failure: { what: "it broke", where: "", now: "" } };
  await eventually(() => viewer.text().includes("it broke"));
  expect(partsIn(viewer.text()).slice(5)).toEqual(["status", "failure"]);
  viewer.socket.destroy();
});

test("streams end when the gateway closes, and are 404 for a preview that the store does not know", async () => {
  await using world = await openBuilding();
  const viewer = rawClient(world.port, get("/.mayfly/events"));
  await eventually(() => partsIn(viewer.text()).length === 5);
  world.model = null;
  expect(await rawRequest(world.port, get("/.mayfly/events"))).toMatch(/^HTTP\/1\.1 404 /);
  await world.gateway.close({ timeoutMs: 10_000 });
  expect(await viewer.ended).toBe("end");
});

test("a hundred viewers of one preview cost one look a second", async () => {
  let looks = 0;
  await using world = await openWorld({
    pages: {
      view: () => ({
        ...model,
        // Read once by each rendering of the section.
        get log() {
          looks += 1;
          return ["one"];
        },
      }),
      subscribe: () => () => undefined,
    },
  });
  world.route(routeTo(null, { state: "building" }));
  const viewers = Array.from({ length: 100 }, () => rawClient(world.port, get("/.mayfly/events")));
  const startedAt = performance.now();
  await eventually(() => viewers.every((viewer) => partsIn(viewer.text()).length === 5));
  await eventually(() => performance.now() - startedAt > 2500);
  const seconds = (performance.now() - startedAt) / 1000;
  expect(looks).toBeGreaterThan(2);
  // A section is rendered from two readings of its lines.
  expect(looks).toBeLessThan(3 * (seconds / 0.9 + 1));
  for (const viewer of viewers) viewer.socket.destroy();
});
