import { expect, test } from "vitest";
import { explain } from "../../src/diagnose/explain.ts";
import { caseOf, running, said } from "./cases.ts";

const trace = "    at main (/app/server.js:3:9)\n    at Module._compile (node:internal/modules/cjs/loader:1554:14)";

/** Ends and stands that no known cause explains, with words of causes in between. */
test.each<[string, string]>([
  ["an error of its own", `TypeError: cart.map is not a function\n${trace}`],
  ["nothing said", ""],
  [
    "an error of its own after a cache that it does without",
    `warn: cache is off: connect ECONNREFUSED 127.0.0.1:6379, continuing without\nTypeError: cart.map is not a function\n${trace}`,
  ],
  [
    "another error after one that it caught",
    `Error: connect ECONNREFUSED 127.0.0.1:5432\n    at connect\nretrying\nconnected\nTypeError: cart.map is not a function\n${trace}`,
  ],
  [
    "an empty variable that it does without",
    "SENTRY_DSN is not set: errors are not reported\nlistening on 3000\nshutting down: queue empty",
  ],
  ["a variable that has a value", "Error: DATABASE_URL is required to be a postgres URL"],
  ["a plain word in capitals", "ERROR is not set"],
  ["a file that it looks for", "Error: ENOENT: no such file or directory, open '/app/config.json'"],
  ["a permission of a file", "Error: EACCES: permission denied, open '/data/shop.db'"],
  ["a port of its own second process", "Error: connect ECONNREFUSED 127.0.0.1:38211"],
  [
    "a refusal long before the end",
    `Error: connect ECONNREFUSED 127.0.0.1:5432\n${Array.from({ length: 20 }, (_each, n) => `served ${n}`).join("\n")}\nbye`,
  ],
  ["a test that fails", "FAIL src/cart.test.js\n  expected 3 to equal 4\nTests: 1 failed, 20 passed"],
  ["a migration that went well", "Running migrations:\n  Applying shop.0002_orders... OK\nTypeError: x is undefined"],
  ["a migration among others' words", "no migrations to apply\nassertion failed: total > 0"],
  ["a user who was refused", 'login failed for user "ann"\nfatal: cannot go on'],
  ["a segmentation fault", "Segmentation fault (core dumped)"],
  ["an assertion", "AssertionError [ERR_ASSERTION]: 3 == 4"],
  ["a bad configuration", 'nginx: [emerg] unknown directive "sevrer" in /etc/nginx/nginx.conf:3'],
  [
    "a syntax error",
    "/app/server.js:3\nconst x = ;\n          ^\n\nSyntaxError: Unexpected token ';'\n    at wrapSafe",
  ],
])("none is named for %s", (_case, text) => {
  expect(said(text)).toEqual([]);
});

test("none is named for a database that tells of others' wrong passwords", () => {
  const db = { name: "db", image: { kind: "pull" as const, reference: "postgres:17" } };
  const lines = 'FATAL:  password authentication failed for user "app"\nFATAL:  database "root" does not exist';
  expect(said(lines, { service: db })).toEqual([]);
});

test("none is named while it runs, answers, and says once that something else refused it", () => {
  const text = "Error: connect ECONNREFUSED 127.0.0.1:6379\nlistening on 3000\nGET / 200\nGET / 200";
  const health = { command: "test -f /tmp/up", exitCode: 1, said: "" };
  expect(said(text, { health, container: running })).toEqual([]);
});

test("none is named for what nobody looked at", () => {
  const failure = { code: "engine-refused" as const, what: "the engine refused a call" };
  const about = { ...caseOf({ failure }), container: null, service: null, stack: null };
  expect(explain(about)).toEqual(about.failure);
});
