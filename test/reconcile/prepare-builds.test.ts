import { expect, test } from "vitest";
import type { BuildSpec, NamedContext } from "../../src/domain/stack.ts";
import { tagBuilds, waitsFor } from "../../src/reconcile/prepare-builds.ts";

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
