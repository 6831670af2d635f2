import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createGit } from "../../src/source/git.ts";
import { commandLines } from "./processes.ts";
import { commitEntries, createWorld, token } from "./world.ts";

test.each(["file:///etc", "/etc", "ext::sh -c touch% /tmp/pwned", "ssh://127.0.0.1/x", "git://127.0.0.1/x"])(
  "nothing is fetched from %s",
  async (url) => {
    await using world = await createWorld();
    await world.git(["update-ref", "refs/heads/x", "HEAD"]);
    const git = createGit({ folder: world.folder, webUrl: world.server.url });
    const asked = git([
      "--git-dir",
      world.repository.path,
      "fetch",
      url === "/etc" ? world.repository.path : url,
      "refs/heads/x",
    ]);
    await expect(asked).rejects.toThrow(/transport '\w+' not allowed/);
  },
);

test("submodules stay empty folders, whatever they point at, and are told", async () => {
  await using world = await createWorld();
  const modules = '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% /tmp/mayfly-pwned\n';
  const commit = await commitEntries(world, [
    {
      mode: "100644",
      path: ".gitmodules",
      content: modules.replace("ext::sh -c touch% /tmp/mayfly-pwned", "file:///etc"),
    },
    { mode: "160000", path: "x", content: "1".repeat(40) },
  ]);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.special).toEqual([{ path: "x", kind: "submodule" }]);
  expect(checkout.list("x")).toEqual([]);
  expect(checkout.kindOf("x")).toBe("other");

  const worse = await commitEntries(world, [
    { mode: "100644", path: ".gitmodules", content: modules.replace("ext::", "-u./") },
  ]);
  await expect(world.source().checkout(world.pull, worse)).rejects.toMatchObject({ code: "git-failed" });
  expect(existsSync("/tmp/mayfly-pwned")).toBe(false);
});

test.each([
  ["files without number", 1, /longer than 64 MiB/],
  ["little that is long", 50_000_000, /holds \d+ GiB of files/],
])("a few kilobytes that name %s are not laid out", async (_what, size, why) => {
  await using world = await createWorld();
  const blob = (await world.git(["hash-object", "-w", "--stdin"], "x".repeat(size))).trim();
  const ten = (mode: string, object: string) => {
    const kind = mode === "040000" ? "tree" : "blob";
    return world.git(["mktree"], Array.from({ length: 10 }, (_, n) => `${mode} ${kind} ${object}\tn${n}\n`).join(""));
  };
  let tree = (await ten("100644", blob)).trim();
  for (let level = 1; level < (size === 1 ? 10 : 3); level += 1) tree = (await ten("040000", tree)).trim();
  const commit = (await world.git(["commit-tree", tree, "-m", "small"])).trim();
  await world.repository.setRef("refs/pull/1/head", commit);
  await expect(world.source().checkout(world.pull, commit)).rejects.toThrow(why);
  expect(await readdir(join(world.state, "checkouts"))).toEqual([]);
});

test("hooks planted in the mirror do not run", async () => {
  await using world = await createWorld();
  const proof = join(world.folder, "hook-ran");
  const hooks = join(world.state, "mirrors", "7.git", "hooks");
  await mkdir(hooks, { recursive: true });
  for (const name of [
    "post-checkout",
    "reference-transaction",
    "post-update",
    "fsmonitor-watchman",
    "post-index-change",
  ]) {
    writeFileSync(join(hooks, name), `#!/bin/sh\ntouch ${proof}\n`);
    chmodSync(join(hooks, name), 0o755);
  }
  const commit = (await world.repository.read("refs/pull/1/head")) ?? "";
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.kindOf("compose.yaml")).toBe("file");
  expect(existsSync(proof)).toBe(false);
});

test("filters named by the branch do not run, and LFS pointers stay pointers", async () => {
  await using world = await createWorld();
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n";
  const commit = await commitEntries(world, [
    { mode: "100644", path: ".gitattributes", content: "* filter=evil\n*.bin filter=lfs diff=lfs merge=lfs -text\n" },
    { mode: "100644", path: "big.bin", content: pointer },
    { mode: "100644", path: "plain", content: "as it was\n" },
  ]);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.readText("big.bin")).toBe(pointer);
  expect(checkout.readText("plain")).toBe("as it was\n");
});

test("the server's own git configuration does not count", async () => {
  await using world = await createWorld();
  const home = join(world.folder, "home");
  await mkdir(home);
  const proof = join(world.folder, "filter-ran");
  writeFileSync(join(home, ".gitconfig"), `[filter "evil"]\n\tsmudge = "touch ${proof}; cat"\n\trequired = true\n`);
  const commit = await commitEntries(world, [
    { mode: "100644", path: ".gitattributes", content: "* filter=evil\n" },
    { mode: "100644", path: "plain", content: "x" },
  ]);
  await using checkout = await world.source({ environment: { HOME: home } }).checkout(world.pull, commit);
  expect(checkout.readText("plain")).toBe("x");
  expect(existsSync(proof)).toBe(false);
});

test("a symbolic link becomes a text file that is refused by name, also on the way to another file", async () => {
  await using world = await createWorld();
  const commit = await commitEntries(world, [
    { mode: "120000", path: "compose.yaml", content: "/etc/passwd" },
    { mode: "120000", path: "etc", content: "/etc" },
  ]);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(lstatSync(join(checkout.root, "compose.yaml")).isFile()).toBe(true);
  expect(checkout.special.map(({ path }) => path)).toEqual(["compose.yaml", "etc"]);
  expect(checkout.kindOf("compose.yaml")).toBe("other");
  expect(checkout.kindOf("etc/passwd")).toBe("other");
  for (const path of ["compose.yaml", "./compose.yaml", "etc/passwd", "etc/../etc/passwd"]) {
    expect(() => checkout.readText(path)).toThrow(expect.objectContaining({ code: "path-outside" }));
  }
});

test.each(["..", ".git", ".GIT", "."])("a tree with an entry named %j is refused as it comes in", async (path) => {
  await using world = await createWorld();
  const blob = await world.git(["hash-object", "-w", "--stdin"], "x");
  const raw = Buffer.concat([Buffer.from(`100644 ${path}\0`), Buffer.from(blob, "hex")]);
  const file = join(world.folder, "raw-tree");
  writeFileSync(file, raw);
  const tree = await world.git(["hash-object", "-t", "tree", "-w", "--literally", file]);
  const commit = await world.git(["commit-tree", tree, "-m", "hostile"]);
  await world.repository.setRef("refs/pull/1/head", commit);
  await expect(world.source().checkout(world.pull, commit)).rejects.toMatchObject({ code: "git-failed" });
});

test("a branch named like an option of git is a branch like any other", async () => {
  await using world = await createWorld();
  const proof = join(world.folder, "option-ran");
  const commit = await commitEntries(world, [{ mode: "100644", path: "a", content: "1" }]);
  await world.git(["update-ref", `refs/heads/--upload-pack=touch${proof.replaceAll("/", "-")}`, commit]);
  await using checkout = await world.source().checkout(world.pull, commit);
  expect(checkout.readText("a")).toBe("1");
});

test("the token shows neither in a command line nor on disk", async () => {
  await using world = await createWorld();
  const commit = await world.repository.commit({ branch: "feat", files: { a: "x".repeat(100_000) } });
  await world.repository.setRef("refs/pull/1/head", commit);
  const encoded = Buffer.from(`x-access-token:${token}`).toString("base64");
  const secrets = [token, encoded];
  const seen: string[] = [];
  const fetched = new AbortController();
  let looks = 0;
  const watch = (async () => {
    while (!fetched.signal.aborted) {
      seen.push(...(await commandLines()).filter((line) => line.includes("git")));
      looks++;
    }
  })();
  await using checkout = await world.source().checkout(world.pull, commit);
  fetched.abort();
  await watch;
  expect(checkout.kindOf("a")).toBe("file");
  expect(looks).toBeGreaterThan(1);
  expect(seen.some((line) => line.includes(" fetch ") && line.includes(world.server.url))).toBe(true);
  expect(seen.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);

  const files = (await readdir(world.state, { recursive: true, withFileTypes: true })).filter((file) => file.isFile());
  expect(files.length).toBeGreaterThan(3);
  const holders = files.filter((file) => {
    const content = readFileSync(join(file.parentPath, file.name), "latin1");
    return secrets.some((secret) => content.includes(secret));
  });
  expect(holders).toEqual([]);
});
