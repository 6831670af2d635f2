import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ServerFile } from "../../src/config/server-file.ts";

test("compose/server.example.yaml shows every key that the server file may have", () => {
  const path = resolve(import.meta.dirname, "../../compose/server.example.yaml");
  const example: unknown = parse(readFileSync(path, "utf8"));
  const schema = z.toJSONSchema(ServerFile, { io: "input", unrepresentable: "any" });
  const missing = keysOf(schema as Schema).filter((keys) => keys.reduce(valueAt, example) === undefined);
  // Shown where they belong: with one repository.
  expect(missing.map((keys) => keys.join("."))).toEqual(["defaults.secrets", "defaults.allow"]);
});

type Schema = { properties?: Record<string, Schema> };

/** Every key that is honored, as a path: what is planned has a schema that says nothing. */
function keysOf({ properties = {} }: Schema): string[][] {
  return Object.entries(properties).flatMap(([key, inner]) => {
    if (Object.keys(inner).length === 0) return [];
    return [[key], ...keysOf(inner).map((keys) => [key, ...keys])];
  });
}

function valueAt(value: unknown, key: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[key];
}
