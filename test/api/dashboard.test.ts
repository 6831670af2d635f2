import { describe, expect, test } from "vitest";
import { EngineError, type Failure } from "../../src/domain/errors.ts";
import { deployment, moment, newest, view } from "./examples.ts";
import { headers, pageOf } from "./page-of.ts";
import { inMemoryWorld, serveApi } from "./in-memory-world.ts";

describe("the list", () => {
  test("shows name, title, both facts, commit and numbers", async () => {
    const world = inMemoryWorld({
      views: [view({ newest: newest({ generation: 8, phase: "failed", commit: "def5678" }) })],
      numbers: () => ({ up: 3, asleep: 1, waiting: 2, orphans: null }),
    });
    const text = textOf(await pageOf(world, "/"));
    for (const fact of [
      "3 up",
      "1 asleep",
      "2 waiting",
      "shop-pr-42",
      "Add a cart",
      "ready newest failed",
      "abc1234",
      "2 days old",
    ]) {
      expect(text).toContain(fact);
    }
  });

  test("tells what the machine is short of, and what was done about it", async () => {
    const notices = ["Little room is left on the engine's disk: `docker system df` shows what takes it."];
    const world = inMemoryWorld({ server: () => ({ disk: null, memory: null, notices }) });
    expect(textOf(await pageOf(world, "/"))).toContain("docker system df shows what takes it");
  });

  const views = [
    view(),
    view({
      slug: "blog-pr-8",
      key: "9-8",
      repository: "acme/blog",
      number: 8,
      title: "Fix feed",
      author: "ben",
      branch: "feed",
      phase: "failed",
    }),
  ];
  test.each([
    ["", ["shop-pr-42", "blog-pr-8"]],
    ["?q=CART", ["shop-pr-42"]],
    ["?q=feed+ben", ["blog-pr-8"]],
    ["?q=acme/blog%238", ["blog-pr-8"]],
    ["?repository=acme/shop", ["shop-pr-42"]],
    ["?state=failed", ["blog-pr-8"]],
    ["?q=cart&state=failed", []],
  ])("is narrowed without JavaScript: %s", async (query, slugs) => {
    const page = await pageOf(inMemoryWorld({ views }), `/${query}`);
    expect([...page.matchAll(/href="\/previews\/([^"]+)"/g)].map(([, slug]) => slug)).toEqual(slugs);
  });

  test("says what to do when there is nothing yet", async () => {
    expect(await pageOf(inMemoryWorld({ views: [] }), "/")).toContain("No previews yet");
  });
});

describe("a preview's page", () => {
  const failure: Failure = {
    code: "service-exited",
    what: "api exited with code 1",
    where: "compose.yaml:14:5",
    now: "The database is at db:5432.",
    service: "api",
    logTail: ["ECONNREFUSED"],
    findings: [],
    retry: "never",
  };

  test("tells each fact once: what serves is not told again as the newest attempt, nor its turn as a phase", async () => {
    const serving = textOf(await pageOf(inMemoryWorld({ views: [view()] }), "/previews/shop-pr-42"));
    expect(serving).not.toContain("Newest attempt");
    expect(serving).not.toContain("by the operator");
    const allowed = inMemoryWorld({ views: [view({ allowed: ["cap_add:SYS_PTRACE"] })] });
    expect(textOf(await pageOf(allowed, "/previews/shop-pr-42"))).toMatch(
      /Allowed\s+cap_add:SYS_PTRACE\s*, by the operator/,
    );
    const queue = { place: 1, of: 2, up: 3, max: 3, limit: "server" as const };
    const waits = view({ phase: "pending", queue, reason: "1st in the queue of 2", serving: null, newest: null });
    expect(textOf(await pageOf(inMemoryWorld({ views: [waits] }), "/previews/shop-pr-42"))).toContain(
      "waiting : 1st in the queue of 2",
    );
  });

  test("of a preview without a pull request links to none", async () => {
    const local = view({ key: `${2 ** 52 + 7}-1`, repository: "local-000000000007/shop" });
    const page = await pageOf(inMemoryWorld({ views: [local] }), "/previews/shop-pr-42");
    expect(page).not.toMatch(/\/(pull|commit)\//);
    expect(textOf(page)).toContain("local-000000000007/shop Add a cart");
  });

  test("tells the link first, what serves, what the newest attempt did and why it failed", async () => {
    const world = inMemoryWorld({
      views: [view({ newest: newest({ generation: 8, phase: "failed", commit: "def5678", seconds: 8, failure }) })],
      attempts: [
        deployment(),
        deployment({ generation: 8, phase: "failed", commit: "def5678", cause: "/redeploy by anna" }),
      ],
      events: [
        moment("stale", 0, 1),
        { ...moment("build web", 1000, 4000), generation: 8 },
        { ...moment("await api", 5000, 1000), generation: 8 },
      ],
    });
    const page = await pageOf(world, "/previews/shop-pr-42");
    const text = textOf(page);
    const order = [
      "shop-pr-42",
      "acme/shop#42",
      "abc1234 ready 3 min ago",
      "def5678 failed after 8.0 s",
      "api exited with code 1",
    ];
    order.push(
      "compose.yaml:14:5",
      "The database is at db:5432.",
      "ECONNREFUSED",
      "build web",
      "await api",
      "postgres:17",
      "listening on 3000",
    );
    order.push("/redeploy by anna");
    let from = 0;
    for (const fact of order) {
      const at = text.indexOf(fact, from);
      expect([fact, at >= 0]).toEqual([fact, true]);
      from = at;
    }
    expect(text).not.toContain("stale");
    expect(page).toContain('<rect class="bar" x="0.00%" width="80.00%"');
    expect(page).toContain('<h1><a href="http://shop-pr-42.preview.localhost:8080">shop-pr-42</a></h1>');
  });

  test("filters and searches logs without JavaScript", async () => {
    const world = inMemoryWorld();
    const logOf = (page: string) => textOf(/<pre\s+id="log"[\s\S]*?<\/pre>/.exec(page)?.[0] ?? "").trim();
    expect(logOf(await pageOf(world, "/previews/shop-pr-42?service=db"))).toBe("db ready to accept connections");
    expect(logOf(await pageOf(world, "/previews/shop-pr-42?find=LISTEN"))).toBe("web listening on 3000");
    expect(logOf(await pageOf(world, "/previews/shop-pr-42?service=@build"))).toBe("web #1 FROM node:24");
  });

  test("is there while the engine is down", async () => {
    const down = new EngineError("engine-unreachable", "no engine");
    const world = inMemoryWorld({
      observe: () => Promise.reject(down),
      logs: async function* () {
        yield* [];
        throw down;
      },
    });
    expect(textOf(await pageOf(world, "/previews/shop-pr-42"))).toContain("unknown: the engine does not answer");
  });

  test("asks for a verb by form, and says that it was asked", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const response = await fetch(`${server.url}/previews/shop-pr-42/redeploy`, {
      method: "POST",
      headers,
      redirect: "manual",
    });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/previews/shop-pr-42?asked=redeploy"]);
    expect(world.acts).toEqual([{ key: "7-42", verb: "redeploy", by: "the operator (api)" }]);
    expect(textOf(await pageOf(world, "/previews/shop-pr-42?asked=redeploy"))).toContain("Asked to redeploy.");
    expect(await pageOf(world, "/previews/shop-pr-42?asked=<b>")).not.toContain("Asked to");
  });

  test("sends a section again when it changed, and only then", async () => {
    const world = inMemoryWorld({ events: [moment("fetch", 0, 1)] });
    await using server = await serveApi(world);
    const client = new AbortController();
    const response = await fetch(`${server.url}/previews/shop-pr-42/events`, { headers, signal: client.signal });
    const parts: { id: string; html: string }[] = [];
    for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(
      new TextDecoderStream(),
    )) {
      for (const [, data = ""] of chunk.matchAll(/data: (.*)/g))
        parts.push(JSON.parse(data) as { id: string; html: string });
      if (parts.length === 7) {
        world.events.push(moment("probe", 1, 2));
        world.change("another-key");
        world.change("7-42");
      }
      if (parts.length > 7) break;
    }
    client.abort();
    expect(parts.map((part) => part.id)).toEqual([
      "status",
      "timeline",
      "checks",
      "services",
      "findings",
      "history",
      "audit",
      "timeline",
    ]);
    expect(parts[7]?.html).toContain("probe");
  });

  test("that does not exist is a plain page with 404", async () => {
    await using server = await serveApi(inMemoryWorld());
    const response = await fetch(`${server.url}/previews/nothing`, { headers });
    expect(response.status).toBe(404);
    expect(textOf(await response.text())).toContain("there is no preview “nothing”".replaceAll(/[“”]/g, "&quot;"));
  });
});

/** What a reader sees, spaces run together. */
function textOf(page: string): string {
  return page
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ([.,])/g, "$1");
}
