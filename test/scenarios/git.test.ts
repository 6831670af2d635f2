import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { putLfsObject } from "../../demo/git-lfs.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

/** A service that is built, and one that binds: both with a file of the submodule and one of Git LFS. */
const compose = `services:
  web: { build: web, ports: ["3000:3000"] }
  site:
    build: web
    ports: ["3001:3000"]
    volumes: ["./web/page.txt:/app/page.txt:ro", "./web/design:/app/design:ro"]
`;
const server = `const read = (name) => require("node:fs").readFileSync("/app/" + name, "utf8").trim();
require("node:http").createServer((_, response) => response.end(read("page.txt") + " in " + read("design/color")))
  .listen(3000, "0.0.0.0");
`;
let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({
    files: miniShop({ compose, server, files: { ".gitattributes": "page.txt filter=lfs -text\n" } }),
    beside: ["acme/design"],
    config: { repositories: { [repository]: { git: { lfs: true, submodules: ["acme/design"] } } } },
  });
});
afterAll(() => endScenario(scenario));

test("a submodule and a file of Git LFS are in what is built and in what is bound, and a push replaces both", async () => {
  tellOnFailure(scenario);
  const shop = scenario.github.git.repository(repository);
  const design = scenario.github.git.repository("acme/design");
  const modules = '[submodule "design"]\n\tpath = web/design\n\turl = ../design\n';
  const green = await design.commit({ branch: "main", files: { color: "green" } });
  await shop.setRef("refs/heads/main", await withSubmodule(shop.path, await mustRead("main"), green));
  const page = await putLfsObject(shop.path, "a page");
  const number = await scenario.open({ branch: "parts", files: { ".gitmodules": modules, "web/page.txt": page } });
  const slug = `shop-pr-${number}`;
  await shown("a page in green");

  const next = await putLfsObject(shop.path, "another page");
  await scenario.serving(slug, await scenario.push({ branch: "parts", files: { "web/page.txt": next } }));
  await shown("another page in green");

  async function shown(expected: string) {
    const { routes } = await scenario.seen(slug, ({ phase }) => phase === "ready");
    expect(routes).toHaveLength(2);
    for (const { url } of routes) expect((await scenario.mayfly.visit(url)).body).toBe(expected);
  }
  async function mustRead(branch: string): Promise<string> {
    const commit = await shop.read(`refs/heads/${branch}`);
    if (commit === null) throw new Error(`there is no ${branch}`);
    return commit;
  }
});

/** A commit on top of another, with a submodule at `web/design`. */
async function withSubmodule(path: string, parent: string, commit: string): Promise<string> {
  const person = { GIT_AUTHOR_NAME: "m", GIT_AUTHOR_EMAIL: "m@x", GIT_COMMITTER_NAME: "m", GIT_COMMITTER_EMAIL: "m@x" };
  const env = { PATH: process.env["PATH"], GIT_INDEX_FILE: `${path}/submodule-index`, ...person };
  const git = async (...args: string[]) =>
    (await promisify(execFile)("git", ["--git-dir", path, ...args], { env })).stdout.trim();
  await git("read-tree", parent);
  await git("update-index", "--add", "--cacheinfo", `160000,${commit},web/design`);
  return git("commit-tree", await git("write-tree"), "-p", parent, "-m", "design");
}
