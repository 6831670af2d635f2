import { describe, expect, test } from "vitest";
import { EngineError, InputError } from "../../src/domain/errors.ts";
import { moment, view } from "./examples.ts";
import { inMemoryWorld, serveApi, token } from "./in-memory-world.ts";

const headers = { authorization: `Bearer ${token}` };

describe("the API", () => {
  test("lists previews as they are documented", async () => {
    await using server = await serveApi(inMemoryWorld());
    const previews = (await (await fetch(`${server.url}/api/previews`, { headers })).json()) as unknown[];
    expect(previews).toHaveLength(1);
    expect(previews[0]).toMatchObject({
      key: "7-42",
      slug: "shop-pr-42",
      repository: "acme/shop",
      number: 42,
      phase: "ready",
      reason: null,
      url: "http://shop-pr-42.preview.localhost:8080",
      routes: [{ service: "web", url: "http://shop-pr-42.preview.localhost:8080" }],
      serving: { commit: "abc1234567890", generation: 7 },
      newest: { commit: "abc1234567890", generation: 7, phase: "ready", reason: null },
      data: null,
      expiresAt: null,
      pinned: false,
      access: "public",
    });
  });

  test.each(["shop-pr-42", "7-42", "acme/shop#42"])("finds a preview as %s", async (id) => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}/api/previews/${encodeURIComponent(id)}`, { headers });
    expect(await response.json()).toMatchObject({ slug: "shop-pr-42" });
  });

  test("shares a link for a while, and says how programs come in", async () => {
    await using server = await serveApi(inMemoryWorld());
    const path = `${server.url}/api/previews/shop-pr-42`;
    expect(await (await fetch(path, { headers })).json()).toMatchObject({ bypass: "bypass of 7-42" });
    expect(await (await fetch(`${server.url}/api/previews`, { headers })).text()).not.toContain("bypass");
    const shared = await fetch(`${path}/share?argument=2h`, { method: "POST", headers });
    expect(await shared.json()).toEqual({ link: "http://7-42.test/.mayfly/open/2h", until: 1_000 });
  });

  test("answers plan and timeline", async () => {
    await using server = await serveApi(inMemoryWorld({ events: [moment("fetch", 1000, 400)] }));
    const read = async (what: string): Promise<unknown> =>
      (await fetch(`${server.url}/api/previews/shop-pr-42/${what}`, { headers })).json();
    expect(await read("plan")).toEqual({
      text: "create  web  image changed",
      steps: [{ step: "create", resource: "web", cause: "image changed", after: [] }],
    });
    expect(await read("timeline")).toMatchObject([{ name: "fetch", startedAt: 1000, endedAt: 1400, outcome: "done" }]);
  });

  test("answers metrics as Prometheus reads them", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}/metrics`, { headers });
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    expect(await response.text()).toBe("mayfly_previews 1\n");
  });

  test.each(["deploy", "redeploy", "reset", "destroy"])("takes %s for later", async (verb) => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const response = await fetch(`${server.url}/api/previews/shop-pr-42/${verb}`, { method: "POST", headers });
    expect([response.status, await response.json()]).toEqual([202, { accepted: `${verb} of 7-42` }]);
    expect(world.acts).toEqual([{ key: "7-42", verb, by: "the operator (api)" }]);
  });
});

describe("a problem", () => {
  test.each([
    ["GET", "/api/previews/shop-pr-9", 404, "not-found", 'there is no preview "shop-pr-9"', "mayfly ls"],
    [
      "POST",
      "/api/previews/shop-pr-42/redploy",
      404,
      "not-found",
      'there is no verb "redploy"',
      "Did you mean redeploy?",
    ],
    ["POST", "/api/previews/shop-pr-42/help", 404, "not-found", 'there is no verb "help"', "Known are deploy"],
    ["GET", "/api/nothing", 404, "not-found", "there is no GET /api/nothing", "/api/previews"],
    ["GET", "/api/previews/shop-pr-42/logs?tail=x", 400, "invalid-value", "tail", "follow=true"],
    ["GET", "/api/previews/shop-pr-42/logs?follow=maybe", 400, "invalid-value", "follow", "follow=true"],
  ])("of %s %s is problem+json", async (method, path, status, code, detail, hint) => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const response = await fetch(`${server.url}${path}`, { method, headers });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status, code, title: expect.any(String), type: `urn:mayfly:error:${code}` });
    expect(problem["detail"]).toContain(detail);
    expect(problem["hint"]).toContain(hint);
    expect(world.acts).toEqual([]);
  });

  test("tells place, service and last lines where it has them", async () => {
    const plan = async (): Promise<never> => {
      throw new EngineError("service-exited", "api exited", { service: "api", logTail: ["boom"] });
    };
    await using server = await serveApi(inMemoryWorld({ plan }));
    const response = await fetch(`${server.url}/api/previews/shop-pr-42/plan`, { headers });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: "service-exited",
      service: "api",
      logTail: ["boom"],
      where: null,
    });
  });

  test("of the author's file names file, line and column", async () => {
    const plan = async (): Promise<never> => {
      throw new InputError("unknown-key", 'unknown key "imag"', {
        place: { file: "compose.yaml", line: 3, column: 5 },
      });
    };
    await using server = await serveApi(inMemoryWorld({ plan }));
    const response = await fetch(`${server.url}/api/previews/shop-pr-42/plan`, { headers });
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { code: "unknown-key", where: "compose.yaml:3:5" },
    ]);
  });

  test("that nobody foresaw keeps its words for the log", async () => {
    const previews = () => {
      throw new Error("secret inside");
    };
    await using server = await serveApi(inMemoryWorld({ previews, views: [view()] }));
    const response = await fetch(`${server.url}/api/previews`, { headers });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: "internal", detail: "GET /api/previews failed" });
    expect(text).not.toContain("secret");
  });
});
