import { existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readers } from "../../src/source/checkout.ts";
import { createTemplates } from "../../src/source/templates.ts";
import { commitEntries, createWorld } from "./world.ts";

test("the files go when the checkout is disposed", async () => {
  await using world = await createWorld();
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  const checkout = await world.source().checkout(world.pull, commit);
  expect(existsSync(join(checkout.root, "compose.yaml"))).toBe(true);
  expect(existsSync(join(checkout.root, ".git"))).toBe(false);
  expect(lstatSync(join(world.state, "checkouts")).mode & 0o077).toBe(0);
  await checkout[Symbol.asyncDispose]();
  expect(existsSync(checkout.root)).toBe(false);
});

test("a path's tree id changes only when its content does", async () => {
  await using world = await createWorld({ "web/Dockerfile": "FROM a\n", "api/Dockerfile": "FROM b\n" });
  const first = (await world.repository.read("refs/pull/1/head")) ?? "";
  const second = await world.repository.commit({ branch: "feat", files: { "api/Dockerfile": "FROM c\n" } });
  await world.repository.setRef("refs/pull/1/head", second);
  const source = world.source();
  await using before = await source.checkout(world.pull, first);
  await using after = await source.checkout(world.pull, second);
  expect(await after.treeId("web")).toBe(await before.treeId("./web/"));
  expect(await after.treeId("api")).not.toBe(await before.treeId("api"));
  expect(await after.treeId(".")).not.toBe(await before.treeId("."));
  expect(await after.treeId("api/Dockerfile")).toMatch(/^[0-9a-f]{40}$/);
  await expect(after.treeId("gone")).rejects.toMatchObject({ code: "file-missing" });
  await expect(after.treeId("../web")).rejects.toMatchObject({ code: "path-outside" });
});

test("what is left out of a path is no part of its id", async () => {
  await using world = await createWorld({ "web/a.txt": "a", "web/docs/b.md": "b", "web/c.md": "c", "other.md": "d" });
  const first = (await world.repository.read("refs/pull/1/head")) ?? "";
  const files = { "web/docs/b.md": "changed", "web/docs/new.md": "new", "other.md": "changed" };
  const docs = await world.repository.commit({ branch: "docs", files });
  const code = await world.repository.commit({ branch: "code", files: { "web/a.txt": "changed" } });
  const left = { ignores: (path: string) => path.endsWith(".md") && path !== "c.md" };
  const idOf = async (commit: string, path: string) => {
    await world.repository.setRef("refs/pull/1/head", commit);
    await using checkout = await world.source().checkout(world.pull, commit);
    return await checkout.treeId(path, left);
  };
  expect(await idOf(docs, "web")).toBe(await idOf(first, "web"));
  expect(await idOf(code, "web")).not.toBe(await idOf(first, "web"));
  // Of the whole repository the ignored are others, and an ignored file that is moved stays ignored.
  expect(await idOf(docs, ".")).toBe(await idOf(first, "."));
});

test("attributes by which git lays a file out otherwise make its id another one", async () => {
  await using world = await createWorld({ "web/page.txt": "a\nb\n", "api/page.txt": "a\nb\n" });
  const first = (await world.repository.read("refs/pull/1/head")) ?? "";
  const files = { ".gitattributes": "web/*.txt text eol=crlf\n" };
  const second = await world.repository.commit({ branch: "crlf", files });
  const idsOf = async (commit: string) => {
    await world.repository.setRef("refs/pull/1/head", commit);
    await using checkout = await world.source().checkout(world.pull, commit);
    const left = { ignores: (path: string) => path.endsWith(".gitattributes") };
    const ids = [await checkout.treeId("web"), await checkout.treeId("web/page.txt"), await checkout.treeId(".", left)];
    return { ids, text: checkout.readText("web/page.txt") };
  };
  const [before, after] = [await idsOf(first), await idsOf(second)];
  expect(after.text).not.toBe(before.text);
  for (const [index, id] of after.ids.entries()) expect(id).not.toBe(before.ids[index]);
});

test("however much is asked of a commit at once, no more than one list of its files is in memory", async () => {
  const names = Array.from({ length: 200 }, (_, index) => [`${index}`, "a"] as const);
  await using world = await createWorld(Object.fromEntries(names));
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await using checkout = await world.source().checkout(world.pull, commit);
  const order: number[] = [];
  const left = (number: number) => ({
    ignores() {
      order.push(number);
      return false;
    },
  });
  await Promise.all(Array.from({ length: 20 }, (_, number) => checkout.treeId(".", left(number))));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

test("only text of sensible size is read", async () => {
  await using world = await createWorld({ fits: "x".repeat(2 ** 20), large: "x".repeat(2 ** 20 + 1) });
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.readText("fits")).toHaveLength(2 ** 20);
  expect(() => checkout.readText("large")).toThrow(expect.objectContaining({ code: "file-too-large" }));
});

test("what is not UTF-8 is refused, and a byte order mark is not part of the text", async () => {
  await using world = await createWorld();
  const blob = await world.git(["hash-object", "-w", "--stdin"], "\ufeffservices: {}");
  const file = join(world.folder, "latin1");
  writeFileSync(file, Buffer.from([0x63, 0x61, 0x66, 0xe9]));
  const latin1 = await world.git(["hash-object", "-w", file]);
  const tree = await world.git(["mktree"], `100644 blob ${blob}\tbom\n100644 blob ${latin1}\tlatin1\n`);
  const commit = await world.git(["commit-tree", tree, "-m", "texts"]);
  await world.repository.setRef("refs/pull/1/head", commit);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.readText("bom")).toBe("services: {}");
  expect(() => checkout.readText("latin1")).toThrow(expect.objectContaining({ code: "invalid-value" }));
});

test("names with spaces, quotes, newlines and other scripts are laid out as they are, and programs stay programs", async () => {
  await using world = await createWorld();
  const names = ["a b.txt", 'quo"te', "größe", "-rf"];
  const commit = await commitEntries(world, [
    ...names.map((path) => ({ mode: "100644" as const, path, content: path })),
    { mode: "100755", path: "run.sh", content: "#!/bin/sh\n" },
  ]);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.list(".")).toEqual([...names, "run.sh"].toSorted());
  for (const name of names) expect(checkout.readText(name)).toBe(name);
  expect(lstatSync(join(checkout.root, "run.sh")).mode & 0o100).toBe(0o100);
});

test("a template's files are read by the template's name, and nothing beside it", async () => {
  await using world = await createWorld();
  const folder = join(world.folder, "templates");
  for (const name of ["dockerfile", "static"]) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "compose.yaml"), `# ${name}\n`);
  }
  writeFileSync(join(folder, "README.md"), "not a template\n");
  const templates = createTemplates(folder);
  expect(templates.list()).toEqual(["dockerfile", "static"]);
  expect(templates.readText("static", "compose.yaml")).toBe("# static\n");
  expect(templates.readText("static", "gone.yaml")).toBeNull();
  expect(templates.readText("../templates/static", "compose.yaml")).toBeNull();
  expect(() => templates.readText("static", "../dockerfile/compose.yaml")).toThrow(
    expect.objectContaining({ code: "path-outside" }),
  );
  expect(createTemplates(join(folder, "nowhere")).list()).toEqual([]);
});

test("a path of nothing but steps costs no more than its length", () => {
  const reader = readers("/no/such/tree", [{ path: "a/a", kind: "symbolic link" }]);
  const before = process.memoryUsage().heapUsed;
  expect(() => reader.kindOf(`${"b/".repeat(50_000)}c`)).toThrow(expect.objectContaining({ code: "path-outside" }));
  for (let look = 0; look < 10; look++) expect(reader.kindOf(`${"b/".repeat(2000)}c`)).toBe("none");
  // Every prefix of a path of 100 KB would be 5 GB; of the longest allowed, 4 MB each time.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(30 * 2 ** 20);
  expect(reader.kindOf("a/a/a/a")).toBe("other");
});

test("no more than the paths asked for is laid out, while all of the commit can be measured", async () => {
  await using world = await createWorld({ "a/one": "1", "a/b/two": "22", "ab/three": "333", "-r": "x" });
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  const laidOut = async (paths: string[]) => {
    await using checkout = await world.source().checkout(world.pull, commit, undefined, paths);
    return ["a/one", "a/b/two", "ab/three", "-r"].filter((path) => checkout.kindOf(path) === "file");
  };
  expect(await laidOut(["a"])).toEqual(["a/one", "a/b/two"]);
  expect(await laidOut(["a/b/", "./-r"])).toEqual(["a/b/two", "-r"]);
  expect(await laidOut(["."])).toHaveLength(4);
  expect(await laidOut([])).toEqual([]);
  await using checkout = await world.source().checkout(world.pull, commit, undefined, ["ab"]);
  expect(await checkout.measure("a")).toEqual({ files: 2, bytes: 3 });
  expect(await checkout.measure("-r")).toEqual({ files: 1, bytes: 1 });
  expect(await checkout.measure("gone")).toEqual({ files: 0, bytes: 0 });
});

test("however many paths are measured, each leaves the rest of the server its turn", async () => {
  await using world = await createWorld({ "a/file": "1" });
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await using checkout = await world.source().checkout(world.pull, commit);
  let turns = 0;
  let isOver = false;
  const tick = () => {
    turns += 1;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  for (let call = 0; call < 200; call++) await checkout.measure(call % 2 === 0 ? "a" : "a/file");
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(200);
});

test("a link says where it leads, and only the link itself does", async () => {
  await using world = await createWorld();
  const link = await world.git(["hash-object", "-w", "--stdin"], "../shared");
  const folder = await world.git(["mktree"], `120000 blob ${link}\tlink\n`);
  const tree = await world.git(["mktree"], `040000 tree ${folder}\ta\n`);
  const commit = await world.git(["commit-tree", tree, "-m", "links"]);
  await world.repository.setRef("refs/pull/1/head", commit);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(["a/link", "a", "a/link/x", "gone"].map(checkout.linkAt)).toEqual(["../shared", null, null, null]);
  const own = join(world.folder, "own");
  mkdirSync(own);
  symlinkSync("target", join(own, "link"));
  expect(readers(own, []).linkAt("link")).toBe("target");
});
