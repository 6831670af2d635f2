import { expect, test } from "vitest";
import { explain } from "../../src/diagnose/explain.ts";
import { caseOf, running } from "./cases.ts";

const beginnings = [
  "connection to server at ",
  'could not connect to server: Connection refused "localhost" ',
  "Can't connect to MySQL server on ",
  "refused failed to connect cannot connect ",
  "permission denied port address ",
  "EACCES:80",
  "address already in use 1",
  "A_B is A_B must be ",
  "environment variable: ",
  "Migration migrations failed ",
  "relation column already ",
  "Running upgrade -> a, ",
  "database system PostgreSQL version 1 ",
  "::::((((",
  "[[[[[[",
  "ErrorError:Exception",
  "sh: 1: ",
  "'''\"\"\"```",
];

test("lines made to take long are read in no time", () => {
  const lines = beginnings.flatMap((each) => [
    each.repeat(400),
    each.trim().repeat(4000),
    `${" ".repeat(4000)}${each}`,
  ]);
  const startedAt = performance.now();
  for (const container of [{ lines }, { ...running, lines }]) explain(caseOf({ container }));
  expect(performance.now() - startedAt).toBeLessThan(2000);
});

test("what a program wrote cannot say something else in our sentence, nor make it long", () => {
  const name = `a\`b\n**c**${"x".repeat(40)}`;
  const texts = [
    `password authentication failed for user "${name}"`,
    `database "${name}" does not exist`,
    `Error: Cannot find module '${"y".repeat(190)}'`,
    `Migration "${"z".repeat(190)}" failed, error: ${"w".repeat(3000)}`,
    `sh: 1: ${"v".repeat(150)}: not found`,
  ];
  for (const text of texts) {
    const { what, now } = explain(caseOf({ container: { lines: [text.replaceAll("\n", " ")] } }));
    expect(what.length).toBeLessThan(500);
    expect(now.length).toBeLessThan(400);
    expect(`${what}${now}`.split("`").length % 2).toBe(1);
    expect(`${what}${now}`).not.toMatch(/\n/);
  }
});

test("a body of any size and form is read in no time", () => {
  const answer = { host: "shop.example", status: 400, body: `${" ".repeat(60_000)}Invalid host` };
  const startedAt = performance.now();
  explain(caseOf({ container: running, answer, failure: { code: "probe-failed" } }));
  expect(performance.now() - startedAt).toBeLessThan(500);
});
