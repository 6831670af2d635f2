import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GitParts } from "../../src/domain/git-parts.ts";
import { forgeRepository } from "../../src/source/submodules.ts";
import { commitEntries, createWorld, type Entry, type World } from "./world.ts";

const gitmodules = (modules: Record<string, string>): Entry => {
  const sections = Object.entries(modules).map(
    ([path, url]) => `[submodule "${path}"]\n\tpath = ${path}\n\turl = ${url}\n`,
  );
  return { mode: "100644", path: ".gitmodules", content: sections.join("") };
};
const submodule = (path: string, commit: string): Entry => ({ mode: "160000", path, content: commit });

/** What the git server was asked of. */
const askedOf = ({ requests }: World) => [...new Set(requests.map(({ path }) => path.split(".git")[0]))];

async function checkOut(world: World, commit: string, parts?: GitParts, paths?: string[]) {
  const pull = { ...world.pull, ...(parts && { parts }) };
  return world.source().checkout(pull, commit, undefined, paths);
}
const allow = (...submodules: string[]): GitParts => ({ lfs: false, submodules });

test.each<[string, string | null]>([
  ["../design.git", "acme/design"],
  ["../design", "acme/design"],
  ["../../other/design/", "other/design"],
  ["./../design", "acme/design"],
  ["https://github.test/acme/design.git", "acme/design"],
  ["https://github.test/acme/shop/../design", "acme/design"],
  ["https://GitHub.test/Acme/Design", "Acme/Design"],
  ["git@github.test:acme/design.git", "acme/design"],
  ["ssh://git@github.test/acme/design.git", "acme/design"],
  ["../../../evil.test/acme/design", null],
  ["../../../../acme/design", null],
  ["./design", null],
  ["../..", null],
  ["../design/../../other/x", null],
  ["../.git", null],
  ["../design%2f..%2fx", null],
  ["https://evil.test/acme/design", null],
  ["https://github.test.evil.test/acme/design", null],
  ["https://github.test:444/acme/design", null],
  ["http://github.test/acme/design", null],
  ["https://token@github.test/acme/design", null],
  ["https://github.test@evil.test/acme/design", null],
  ["https://github.test/acme/design?x=/../..", null],
  ["https://github.test/acme", null],
  ["https://github.test/acme/design/info", null],
  ["https://github.test\\@evil.test/acme/design", null],
  ["git@evil.test:acme/design", null],
  ["ssh://git@github.test:22/acme/design", null],
  ["ssh://-oProxyCommand=x@github.test/acme/design", null],
  ["git@github.test:../acme/design", null],
  ["git@github.test:-u/design", null],
  ["file:///srv/acme/design", null],
  ["/srv/acme/design", null],
  ["ext::sh -c id", null],
  ["ext::https://github.test/acme/design", null],
  ["git://github.test/acme/design", null],
  ["https://github.test/acme/design\n", null],
  ["", null],
])("the URL %j of a submodule names %s", (url, repository) => {
  expect(forgeRepository(url, { repository: "acme/shop", webUrl: "https://github.test" })).toBe(repository);
});

test("where the forge lies under a path, its repositories do too", () => {
  const from = { repository: "acme/shop", webUrl: "https://git.test/forge" };
  expect(forgeRepository("https://git.test/forge/acme/design", from)).toBe("acme/design");
  expect(forgeRepository("https://git.test/acme/design", from)).toBeNull();
  expect(forgeRepository("../design", from)).toBe("acme/design");
});

test("a submodule that the operator names is laid out as a folder like any other, with those in it", async () => {
  await using world = await createWorld();
  const icons = await world.server.repository("acme/icons").create({ "a.svg": "<a/>" });
  const design = world.server.repository("acme/design");
  await design.create({ "logo.svg": "<svg/>" });
  const nested = await commitEntries(world.of(design), [
    { mode: "100644", path: "logo.svg", content: "<svg/>" },
    { mode: "120000", path: "out", content: "/etc/passwd" },
    gitmodules({ icons: "../icons" }),
    submodule("icons", icons),
  ]);
  const commit = await commitEntries(world, [
    { mode: "100644", path: "compose.yaml", content: "services: {}\n" },
    gitmodules({ design: `${world.server.url}/acme/design.git` }),
    submodule("design", nested),
  ]);
  await using plain = await checkOut(world, commit);
  expect(plain.left).toEqual([{ kind: "submodule", path: "design", repository: "acme/design" }]);
  expect(askedOf(world)).toEqual(["/acme/shop"]);

  await using checkout = await checkOut(world, commit, allow("ACME/design", "acme/icons"));
  expect(checkout.left).toEqual([]);
  expect(checkout.special).toEqual([{ path: "design/out", kind: "symbolic link" }]);
  expect(lstatSync(join(checkout.root, "design/out")).isFile()).toBe(true);
  expect(checkout.readText("design/logo.svg")).toBe("<svg/>");
  expect(checkout.readText("design/icons/a.svg")).toBe("<a/>");
  expect(existsSync(join(checkout.root, "design/.git"))).toBe(false);

  // What is in it counts, and what is fetched makes another image than what is not.
  const before = [await plain.treeId("."), await plain.treeId("design")];
  expect(before).not.toContain(await checkout.treeId("."));
  expect(before).not.toContain(await checkout.treeId("design"));
  expect(await checkout.treeId("compose.yaml")).toBe(await plain.treeId("compose.yaml"));
  expect(await checkout.treeId("design/logo.svg")).toMatch(/^[0-9a-f]{40}$/);
  const left = { ignores: (path: string) => path.startsWith("icons") };
  expect(await checkout.treeId("design", left)).not.toBe(await checkout.treeId("design"));
  expect(await checkout.measure("design/icons")).toEqual({ files: 1, bytes: 4 });
  expect((await checkout.measure("design")).files).toBe(5);

  await using half = await checkOut(world, commit, allow("acme/design"));
  expect(half.left).toEqual([{ kind: "submodule", path: "design/icons", repository: "acme/icons" }]);
  expect(await half.treeId("design")).not.toBe(await checkout.treeId("design"));

  await using few = await checkOut(world, commit, allow("acme/*"), ["design/logo.svg"]);
  expect(few.list("design")).toEqual(["logo.svg"]);
  expect(few.list(".")).toEqual(["design"]);
});

test("another commit of a submodule is other content", async () => {
  await using world = await createWorld();
  const design = world.server.repository("acme/design");
  const commits = [await design.create({ a: "1" }), await design.commit({ branch: "main", files: { a: "2" } })];
  const ids: string[] = [];
  for (const at of commits) {
    const commit = await commitEntries(world, [gitmodules({ lib: "../design" }), submodule("lib", at)]);
    for (const parts of [allow(), allow("acme/design")]) {
      await using checkout = await checkOut(world, commit, parts);
      ids.push(await checkout.treeId("."), await checkout.treeId("lib"));
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
});

test("a submodule that holds itself ends at three folders, and fifty of them are enough", async () => {
  await using world = await createWorld();
  const design = world.server.repository("acme/design");
  let last = await design.create({ a: "1" });
  for (let depth = 1; depth <= 5; depth += 1)
    last = await commitEntries(world.of(design), [gitmodules({ again: "../design" }), submodule("again", last)]);
  const commit = await commitEntries(world, [gitmodules({ x: "../design" }), submodule("x", last)]);
  await using checkout = await checkOut(world, commit, allow("acme/*"));
  expect(checkout.left).toEqual([{ kind: "submodule", path: "x/again/again/again", repository: "acme/design" }]);

  const paths = Array.from({ length: 60 }, (_, index) => `m${index}`);
  const many = await commitEntries(world, [
    gitmodules(Object.fromEntries(paths.map((path) => [path, "../design"]))),
    ...paths.map((path) => submodule(path, last)),
  ]);
  await expect(checkOut(world, many, allow("acme/*"))).rejects.toThrow(/more than 50 submodules/);
});

test.each<[string, string, string]>([
  ["nobody may read", "acme/gone", "git-refused"],
  ["does not have the commit", "acme/design", "commit-missing"],
])("a submodule whose repository %s is told with its path", async (_what, repository, code) => {
  await using world = await createWorld();
  await world.server.repository("acme/design").create({ a: "1" });
  const commit = await commitEntries(world, [
    gitmodules({ lib: `../../${repository}` }),
    submodule("lib", "1".repeat(40)),
  ]);
  await expect(checkOut(world, commit, allow("acme/*"))).rejects.toMatchObject({
    code,
    message: expect.stringContaining("submodule lib: ") as string,
    hint: expect.stringContaining(repository) as string,
  });
});

test("a submodule of somewhere else, or of nowhere, stays an empty folder and nobody is asked", async () => {
  await using world = await createWorld();
  const entries = { a: "https://evil.test/acme/design", b: "ext::sh -c id", c: "../other" };
  const outside = '[submodule "z"]\n\tpath = ../z\n\turl = ../design\n';
  const modules = gitmodules(entries);
  const commit = await commitEntries(world, [
    { ...modules, content: modules.content + outside },
    ...["a", "b", "c", "z"].map((path) => submodule(path, "1".repeat(40))),
  ]);
  await using checkout = await checkOut(world, commit, allow("acme/design", "evil.test/*"));
  expect(checkout.left).toEqual([
    { kind: "submodule", path: "a", repository: null },
    { kind: "submodule", path: "b", repository: null },
    { kind: "submodule", path: "c", repository: "acme/other" },
    { kind: "submodule", path: "z", repository: null },
  ]);
  expect(checkout.list("a")).toEqual([]);
  expect(askedOf(world)).toEqual(["/acme/shop"]);
});
