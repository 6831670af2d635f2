import { expect, test } from "vitest";
import type { BuildSpec, NamedContext } from "../../src/domain/stack.ts";
import { ignoreOf } from "../../src/engine/build-context.ts";
import { contentOf, tagBuilds, waitsFor } from "../../src/reconcile/prepare-builds.ts";

const build = (name: string, contexts?: NamedContext[]): BuildSpec => ({
  name,
  context: name,
  dockerfile: `${name}/Dockerfile`,
  inline: null,
  target: null,
  args: {},
  secrets: [],
  tag: "",
  ...(contexts && { contexts }),
});
const on = (name: string): NamedContext => ({ name: "base", kind: "build", build: name });

test("an image that is made of others has their tags in its own, in whichever order they are written", async () => {
  const tagOf = async ({ name, contexts }: BuildSpec) =>
    [name, ...(contexts ?? []).map((context) => (context.kind === "build" ? context.tag : context.kind))].join("-");
  const builds = [
    build("web", [on("app")]),
    build("app", [on("base"), { name: "x", kind: "path", path: "x" }]),
    build("base"),
  ];
  expect((await tagBuilds(builds, tagOf)).map(({ tag }) => tag)).toEqual([
    "web-app-base-path",
    "app-base-path",
    "base",
  ]);
  expect(builds.map(waitsFor)).toEqual([["app"], ["base"], []]);
});

test("a build's content leaves out what is not sent of each of its contexts", async () => {
  const files: Record<string, string> = {
    "web/Dockerfile": "FROM a",
    "web/.dockerignore": "*.md",
    "api/Dockerfile": "FROM b",
    "api/.dockerignore": "*.never",
    "api/Dockerfile.dockerignore": "docs",
    "lib/.dockerignore": "*.txt",
  };
  const asked: [string, string[]][] = [];
  const tried = ["a.md", "docs/a", "a.txt", "a.never"];
  const checkout = {
    readText: (path: string) => files[path] ?? null,
    treeId: async (path: string, left?: { ignores(path: string): boolean }) => {
      asked.push([path, tried.filter((each) => left?.ignores(each))]);
      return path;
    },
  };
  const contexts: NamedContext[] = [
    { name: "lib", kind: "path", path: "lib" },
    { name: "plain", kind: "path", path: "plain" },
  ];
  await contentOf(build("web", contexts), checkout, ignoreOf);
  expect(await contentOf(build("api"), checkout, ignoreOf)).toEqual({ tree: "api", dockerfile: "FROM b" });
  expect(asked).toEqual([
    ["lib", ["a.txt"]],
    ["plain", []],
    ["web", ["a.md"]],
    ["api", ["docs/a"]],
  ]);
});
