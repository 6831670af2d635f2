import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readManifest } from "../../src/config/manifest.ts";
import { manifestSchema } from "../../src/config/manifest-schema.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const schema = manifestSchema();

/** Whether an editor with this schema, and whether Mayfly accepts a text. */
const accepted = (text: string) => {
  const byEditor = z.fromJSONSchema(schema).safeParse(parse(text)).success;
  try {
    readManifest(".mayfly.yaml", text);
    return { byEditor, byMayfly: true };
  } catch {
    return { byEditor, byMayfly: false };
  }
};

test("docs/reference/manifest.schema.json is what `node src/main.ts schema` prints", () => {
  expect(JSON.parse(read("docs/reference/manifest.schema.json"))).toEqual(schema);
});

test.each([
  ["compose: compose.yaml", true],
  ["compose: [ compose.yaml, compose.preview.yaml ]", true],
  ["compose: 1", false],
  ["template: node\nwith: { port: 3000, start: npm start }", true],
  ["routes: { web: 3000, api: { port: 4000, path: /api, health: /healthz } }", true],
  ["routes: { web: 70000 }", false],
  ["routes: { web: { prt: 1 } }", false],
  ["data: { db: { volume: pgdata, seed: [ db/a.sql ] } }", true],
  ["data: { db: { seed: [ a.dump, { run: { service: web, command: npm run seed } } ] } }", true],
  ["data: { db: { seed: [ { run: { service: web } } ] } }", false],
  ["data: { db: { migrations: x } }", true],
  ["data: { db: { migrations: [db/*, more/**], changed: keep } }", true],
  ["data: { db: { changed: later } }", false],
  ['variables: { A: 1, B: "two", C: true }', true],
  ["variables: { 1A: x }", false],
  ["secrets: [ STRIPE_KEY ]", true],
  ["secrets: { STRIPE_KEY: , NPM: { build: npm, services: [ web ], file: /run/secrets/npm } }", true],
  ["secrets: { STRIPE_KEY: { fil: x } }", false],
  ["ready: { path: /healthz, timeout: 3m }", true],
  ["ready: { status: 200, body: Welcome }", true],
  ["ready: { status: [200, 3xx] }", true],
  ["ready: { status: 9xx }", false],
  ["checks: [ { name: smoke, service: web, command: npm run smoke, required: true, timeout: 2m } ]", true],
  ["checks: [ { name: load, image: grafana/k6, files: load.js, command: [ run, load.js ] } ]", true],
  ["checks: [ { service: web, command: npm run smoke } ]", false],
  ["checks: { smoke: npm run smoke }", false],
  ["services: { traefik: drop, web: { environment: { A: b } }, db: }", true],
  ["services: { web: keep }", false],
  ["rotes: { web: 1 }", false],
])("an editor and Mayfly agree on %j", (text, isGood) => {
  expect(accepted(text)).toEqual({ byEditor: isGood, byMayfly: isGood });
});

test("the example of docs/manifest.md is good to both", () => {
  const [, example = ""] = /```yaml\n([\s\S]*?)```/.exec(read("docs/manifest.md")) ?? [];
  expect(example).toContain("routes:");
  expect(accepted(example)).toEqual({ byEditor: true, byMayfly: true });
});

type Schema = {
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | false;
  anyOf?: Schema[];
};

/** Names of the keys inside, at whatever depth. */
function keysIn({ properties = {}, additionalProperties, anyOf = [] }: Schema): [string, Schema][] {
  const own = Object.entries(properties);
  const inner = [...own.map(([, value]) => value), ...(additionalProperties ? [additionalProperties] : []), ...anyOf];
  return [...own, ...inner.flatMap(keysIn)];
}

test("every key is described for whoever writes it", () => {
  const all = keysIn(schema as Schema);
  expect(all.length).toBeGreaterThan(15);
  expect(all.filter(([, { description = "" }]) => !description.endsWith(".") && !description.endsWith("…"))).toEqual(
    [],
  );
});

test("docs/manifest.md has a row for every key, which names each key inside, and no others", () => {
  const rows = new Map(
    [...read("docs/manifest.md").matchAll(/^\| (`[^|]+`) \| (.+) \|$/gm)].flatMap(([, names = "", text = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => [name, text] as const),
    ),
  );
  const top = Object.entries((schema as Schema).properties ?? {});
  expect([...rows.keys()].toSorted()).toEqual(top.map(([name]) => name).toSorted());
  for (const [name, inside] of top) {
    const untold = keysIn(inside).filter(([key]) => !rows.get(name)?.includes(`\`${key}\``));
    expect(untold).toEqual([]);
  }
});
