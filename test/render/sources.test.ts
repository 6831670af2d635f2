import { expect, test } from "vitest";
import { render } from "./fixtures.ts";

const dockerfile = { "web/Dockerfile": "FROM node:24\n", Dockerfile: "FROM node:24\n" };

const sources = (compose: string) => {
  const { stack, findings } = render({ "compose.yaml": compose, ...dockerfile });
  if (stack === null) throw new Error(JSON.stringify(findings));
  return stack.sources;
};

test.each<[string, string, string[]]>([
  ["a folder that is built", "services: { web: { build: web, ports: [80] } }", ["web/", "web/Dockerfile"]],
  [
    "an env file that is not there",
    "services: { web: { image: shop, ports: [80], env_file: [{ path: x.env, required: false }] } }",
    ["x.env"],
  ],
  [
    "a folder and a file that it binds, and one that is not there",
    'services: { web: { image: shop, ports: [80], volumes: ["./web:/a:ro", "./Dockerfile:/b", "./data:/c"] } }',
    ["web/", "Dockerfile", "data", "data/"],
  ],
])("a stack made of %s", (_name, compose, expected) => {
  expect(sources(compose)).toEqual(expect.arrayContaining(["compose.yaml", ".mayfly.yaml", ".env", ...expected]));
});

test.each([
  ["is built from the whole repository", "services: { web: { build: ., ports: [80] } }"],
  ["knows its commit", "services: { web: { build: web, ports: [80], environment: { A: $MAYFLY_COMMIT } } }"],
  [
    "tells its commit in a config",
    "services: { web: { image: shop, ports: [80], configs: [c] } }\nconfigs: { c: { content: at $MAYFLY_COMMIT } }",
  ],
  ["runs an image named after its commit", 'services: { web: { image: "a:sha-$MAYFLY_COMMIT_SHORT", ports: [80] } }'],
])("every push changes a stack that %s", (_name, compose) => {
  expect(sources(compose)).toBeNull();
});

test("paths without number are not kept: every push changes such a stack", () => {
  const binds = Array.from({ length: 10 }, (_, index) => `"./${index}/${"a/".repeat(200)}b:/${index}"`);
  expect(sources(`services: { web: { image: shop, ports: [80], volumes: [${binds.join(", ")}] } }`)).toBeNull();
});
