import { describe, expect, test } from "vitest";
import type { Failure } from "../../src/domain/errors.ts";
import { deployment, moment, newest, view } from "./examples.ts";
import { inMemoryWorld, serveApi } from "./in-memory-world.ts";
import { headers, pageOf } from "./page-of.ts";

const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>\u202eevil\u001b[31m`;

describe("hostile texts", () => {
  test("from pull requests, files and containers never become markup", async () => {
    const failure: Failure = {
      code: "internal",
      what: hostile,
      where: hostile,
      now: hostile,
      service: hostile,
      logTail: [hostile],
      retry: "never",
      findings: [],
    };
    const finding = {
      file: hostile,
      line: 1,
      column: 1,
      action: "note",
      code: "x",
      message: hostile,
      hint: hostile,
    } as const;
    const world = inMemoryWorld({
      views: [
        view({
          title: hostile,
          author: hostile,
          branch: hostile,
          repository: hostile,
          reason: hostile,
          data: hostile,
          newest: newest({
            cause: hostile,
            commit: hostile,
            generation: 8,
            phase: "failed",
            failure: { ...failure, findings: [finding, finding] },
          }),
        }),
      ],
      attempts: [deployment({ cause: hostile, commit: hostile, findings: [finding] })],
      events: [{ ...moment(hostile, 0, 1), detail: hostile }],
      lines: [{ service: hostile, line: hostile, at: null }],
    });
    for (const path of [
      "/",
      `/?q=${encodeURIComponent(hostile)}`,
      `/previews/shop-pr-42?find=${encodeURIComponent(hostile)}`,
      `/${hostile}`,
    ]) {
      const page = await pageOf(world, path);
      // oxlint-disable-next-line no-control-regex -- the very characters that must not come through
      expect(page.toLowerCase()).not.toMatch(/<script>|<img|alert\(1\)<\/script|\u202e|\u001b/);
    }
  });

  test("could not run anyway: only this answer's nonce may", async () => {
    await using server = await serveApi(inMemoryWorld());
    const answers = await Promise.all([1, 2].map(() => fetch(server.url, { headers })));
    const [policy, other] = answers.map((answer) => answer.headers.get("content-security-policy") ?? "");
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy ?? "")?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(other).not.toContain(nonce);
    expect(await answers[0]?.text()).toContain(`<script nonce="${nonce}">`);
    expect(answers[0]?.headers.get("referrer-policy")).toBe("same-origin");
  });
});

describe("somebody without a session", () => {
  test.each(["/", "/previews/shop-pr-42", "/previews/nothing", "/nothing"])(
    "sees at %s only how to sign in",
    async (path) => {
      await using server = await serveApi(inMemoryWorld());
      const response = await fetch(`${server.url}${path}`, { headers: { accept: "text/html" } });
      const text = await response.text();
      expect(response.status).toBe(401);
      expect(text).toContain("mayfly serve");
      expect(text).not.toContain("acme/shop");
    },
  );
});

describe("the headers of every answer", () => {
  test.each([
    ["/", 200],
    ["/previews/nothing", 404],
    ["/sign-in", 303],
    ["/api/previews", 200],
    ["/api/nothing", 404],
    ["/metrics", 200],
  ])("%s: nothing is sniffed, framed or run, and https stays https", async (path, status) => {
    await using server = await serveApi(inMemoryWorld({ dashboardOrigin: "https://mayfly.test" }));
    const answer = await fetch(`${server.url}${path}`, { headers, redirect: "manual" });
    const header = (name: string) => answer.headers.get(name);
    expect(answer.status).toBe(status);
    expect(header("x-content-type-options")).toBe("nosniff");
    expect(header("x-frame-options")).toBe("DENY");
    expect(header("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(header("content-security-policy")).not.toContain("unsafe");
    expect(header("referrer-policy")).toMatch(/^(same-origin|no-referrer)$/);
    expect(header("strict-transport-security")).toBe("max-age=15552000");
    expect(header("cross-origin-opener-policy")).toBe("same-origin");
  });

  test("says nothing of https where there is none", async () => {
    await using server = await serveApi(inMemoryWorld());
    expect((await fetch(server.url, { headers })).headers.get("strict-transport-security")).toBeNull();
  });
});
