import { describe, expect, test } from "vitest";
import { readManifest } from "../../src/config/manifest.ts";
import { InputError } from "../../src/domain/errors.ts";

describe("the manifest", () => {
  test("is optional", () => {
    expect(readManifest(".mayfly.yaml", null)).toMatchObject({});
  });

  test("says which files, routes, data, variables and readiness", () => {
    const manifest = readManifest(
      ".mayfly.yaml",
      `compose: compose.yaml
routes: { web: 3000, api: { port: 4000, path: /api, health: /healthz } }
data: { db: { volume: pgdata, seed: [db/schema.sql, { run: { service: web, command: npm run a && npm run b } }] } }
variables: { FEATURE: on, COUNT: 3, OFF: false }
ready: { path: /up, timeout: 2m }`,
    );
    expect(manifest).toMatchObject({
      compose: ["compose.yaml"],
      routes: { web: { port: 3000 }, api: { port: 4000, path: "/api", health: "/healthz" } },
      data: {
        db: {
          volume: "pgdata",
          seed: [
            { path: "db/schema.sql" },
            { run: { service: "web", command: ["sh", "-c", "npm run a && npm run b"] } },
          ],
        },
      },
      variables: { FEATURE: "on", COUNT: "3", OFF: "false" },
      ready: { path: "/up", timeout: 120_000 },
    });
  });

  test.each([
    ["rotues: { web: 1 }", "unknown-key", "1:1", 'unknown key "rotues". Did you mean "routes"?'],
    ["routes:\n  web: { prt: 3 }", "unknown-key", "2:10", 'routes.web: unknown key "prt". Did you mean "port"?'],
    ["routes: { web: http }", "invalid-value", "1:16", "routes.web.port must be a port (1 to 65535)"],
    ["routes: { web: 70000 }", "invalid-value", "1:16", "routes.web.port must be a port (1 to 65535)"],
    [
      "data: { db: { seed: [{ run: { service: web } }] } }",
      "invalid-value",
      "1:29",
      "data.db.seed[0].run.command is missing",
    ],
    [
      "data: { db: { seed: [{ source: nightly, path: a.sql }] } }",
      "invalid-value",
      "1:22",
      "data.db.seed[0] must be a path, a run or a source",
    ],
    [
      "data: { db: { seed: [{ path: a.sql, run: { service: web, command: b } }] } }",
      "invalid-value",
      "1:22",
      "data.db.seed[0] must be a path, a run or a source",
    ],
    ["data: { db: { seed: [5] } }", "invalid-value", "1:22", "data.db.seed[0].path must be a text"],
    [
      "data: { db: { seed: [{ run: { service: web, command: [] } }] } }",
      "invalid-value",
      "1:54",
      "data.db.seed[0].run.command must be a command, or a list of its words, of 10000 characters at most",
    ],
    [
      "data: { db: { migrations: db/../../* } }",
      "invalid-value",
      "1:27",
      "data.db.migrations[0] must be a path from the repository's root, such as db/migrations/*",
    ],
    [
      "data: { db: { migrations: /etc/* } }",
      "invalid-value",
      "1:27",
      "data.db.migrations[0] must be a path from the repository's root, such as db/migrations/*",
    ],
    [
      "services: { proxy: dorp }",
      "invalid-value",
      "1:20",
      "services.proxy must be drop, or what to change of the service, in Compose's own keys",
    ],
    ["checks: [{ name: Smoke }]", "invalid-value", "1:18", "must be a name of lower-case letters, digits and -"],
    ["checks: [{ name: a, comand: x }]", "unknown-key", "1:21", 'Did you mean "command"?'],
    ["checks: [{ name: a, command: { a: b } }]", "invalid-value", "1:30", "must be a command, or a list of its words"],
    ["ttl: 48h", "not-supported", "1:1", "ttl is known, but not honored by this version"],
    ["ready: { status: 2x }", "invalid-value", "1:18", "ready.status must be a status such as 200"],
    ["ready: { status: 100 }", "invalid-value", "1:18", "ready.status must be a status such as 200"],
    ["ready: { status: [] }", "invalid-value", "1:18", "ready.status must be a status such as 200"],
    ["ready: { body: [ok] }", "invalid-value", "1:16", "ready.body must be a text"],
    ['ready: { body: "" }', "invalid-value", "1:16", "ready.body must be a text"],
    ["ready: { timeout: 2h }", "invalid-value", "1:19", "ready.timeout is at most 15m"],
    ["compose: a.yaml\ntemplate: dockerfile", "invalid-value", "2:11", "compose and template exclude each other"],
    ["with: { port: 1 }", "invalid-value", "1:7", "with gives a template's parameters, but no template is named"],
    ["compose: [", "yaml-invalid", "1:11", ""],
    ["<<: *x", "yaml-invalid", "1:5", "there is no anchor &x before this alias"],
    ["variables: { __proto__: 1 }", "invalid-value", "1:14", "a key cannot be __proto__"],
  ])("tells what is wrong where: %j", (text, code, place, message) => {
    let error: unknown;
    try {
      readManifest(".mayfly.yaml", text);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof InputError)) throw new Error("it did not fail");
    expect([error.code, `${error.place?.line}:${error.place?.column}`]).toEqual([code, place]);
    expect(error.message).toContain(message);
  });
});
