import { describe, expect, test } from "vitest";
import { findSuspects } from "../../src/diagnose/suspects.ts";
import { caseOf, nodeRefused } from "./cases.ts";

describe("each says what to change, and where", () => {
  const suspectOf = (text: string, change = {}) =>
    findSuspects(caseOf({ ...change, container: { lines: text.split("\n"), ...change } }))[0];

  test("a database at the wrong place: by its name in the stack, and the variable that says so", () => {
    expect(suspectOf(nodeRefused("127.0.0.1:5432"))).toEqual({
      id: "own-container",
      what: "`web` looks for `db` at 127.0.0.1:5432, which is its own container",
      now: "Inside a preview it is at `db:5432`: say so in DATABASE_URL.",
      where: "compose.yaml:8:7",
    });
  });

  test("a variable without a value: where it is named", () => {
    expect(suspectOf("Error: API_KEY is required")).toMatchObject({
      what: "`web` needs the variable API_KEY, which is empty",
      where: "compose.yaml:9:7",
    });
  });

  test("a name that no service has: the names there are", () => {
    expect(suspectOf("Error: getaddrinfo ENOTFOUND cach")).toMatchObject({
      what: "`web` looks for a service cach, which the stack does not have",
      now: "Did you mean cache? Correct the name, or add the service.",
    });
  });

  test("a database that nobody waits for: how to wait", () => {
    expect(suspectOf(nodeRefused("10.213.0.2:5432"))).toMatchObject({
      what: "`web` asks `db` before it is ready",
      now: expect.stringContaining("`depends_on: { db: { condition: service_healthy } }`"),
    });
  });

  test("a password: that data keeps the one it was made with", () => {
    expect(suspectOf('error: password authentication failed for user "app"')).toMatchObject({
      what: "the database refused the password of `web` as app",
      now: expect.stringContaining("`/reset`"),
      where: "compose.yaml:8:7",
    });
  });

  test("a program that is not there: what a mount may hide, and what it does not", () => {
    const bound = { kind: "files", target: "/app" } as never;
    const built = { image: { kind: "build", build: "web" }, mounts: [bound] } as never;
    const pulled = { image: { kind: "pull", reference: "docker.io/library/node:24" }, mounts: [bound] } as never;
    const now = (line: string, service: never) => suspectOf(line, { service })?.now;
    expect(now("sh: 1: next: not found", built)).toMatch(/^The repository is mounted over \/app and hides/);
    expect(now("sh: 1: yarn: not found", built)).toMatch(/^Install it in the Dockerfile/);
    expect(now("sh: 1: yarn: not found", pulled)).toMatch(/^Take an image that has it, or build one/);
    expect(now("Error: Cannot find module 'express'", pulled)).toContain("before it is needed");
  });

  test("a native module: what builds it", () => {
    expect(suspectOf("npm error gyp ERR! stack Error: Could not find any Python installation to use")).toMatchObject({
      what: "`web` compiles a native module, and its image has no Python, make or compiler",
      now: expect.stringContaining("python3 make g++"),
    });
  });

  test("a failed migration: which, and what the database said", () => {
    const text =
      'Error: P3018\n\nMigration name: 20261101_orders\n\nDatabase error:\nERROR: relation "orders" already exists';
    expect(suspectOf(text)?.what).toBe(
      'a migration of `web` failed, 20261101_orders: relation "orders" already exists',
    );
  });
});
