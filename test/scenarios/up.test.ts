import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PreviewView } from "../../src/domain/view.ts";
import { mayfly } from "../cli/spawned.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

describe("mayfly up", () => {
  let scenario: Scenario;
  const folder = mkdtempSync(join(tmpdir(), "mayfly-up-test-"));
  const directory = join(folder, "corner-shop");
  beforeAll(async () => {
    scenario = await startScenario({ files: miniShop() });
    const { "compose.yaml": compose = "", ...files } = miniShop({ page: "as committed" });
    // Its image has this page as well; what is seen is the bound one.
    write({
      ...files,
      "compose.yaml": `${compose}    volumes: [./page.txt:/app/page.txt]\n`,
      "page.txt": "as committed",
    });
    git("init", "--quiet", "--initial-branch=main");
    git("add", ".");
    git("commit", "--quiet", "-m", "Open the shop");
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await endScenario(scenario);
  });

  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", ...args], {
      cwd: directory,
      encoding: "utf8",
    }).trim();
  const write = (files: Record<string, string>): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
  };
  const run = (...args: string[]) => {
    const { url, token } = scenario.mayfly;
    return mayfly(args, { cwd: folder, environment: { MAYFLY_SERVER: url, MAYFLY_API_TOKEN: token } });
  };
  const page = async (slug: string): Promise<string> => {
    const { url, bypass } = (await scenario.mayfly.show(slug)) as PreviewView & { bypass: string };
    return (await scenario.mayfly.visit(url, { headers: { "Mayfly-Bypass": bypass } })).body;
  };

  test("shows a directory's files at a link, with progress on the way", async () => {
    tellOnFailure(scenario);
    const { code, out, err } = await run("up", "corner-shop");
    expect({ code, err: err.split("\n").at(-1) }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^http:\/\/corner-shop-pr-1\.preview\.localhost:\d+\/\.mayfly\/open\/\S+\n {2}ready at [0-9a-f]{7}, in /,
    );
    expect(err).toMatch(/ s {2}(pending|building|starting)\n/);
    const { url } = (await scenario.mayfly.show("corner-shop-pr-1"))!;
    expect((await scenario.mayfly.visit(url)).status).toBe(401);
    expect(await page("corner-shop-pr-1")).toBe(`as committed at ${git("rev-parse", "HEAD")}\n`);
  });

  test("takes changes and new files that are not committed, and leaves the repository as it was", async () => {
    tellOnFailure(scenario);
    write({ "page.txt": "not committed", "web/new.txt": "new" });
    const before = [git("status", "--porcelain"), git("count-objects"), git("log", "--oneline")];
    const { code, out } = await run("up", "corner-shop", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ slug: "corner-shop-pr-1", phase: "ready" } satisfies Partial<PreviewView>);
    expect(await page("corner-shop-pr-1")).toMatch(/^not committed at /);
    expect([git("status", "--porcelain"), git("count-objects"), git("log", "--oneline")]).toEqual(before);
    expect((await run("up", "corner-shop")).out).toContain("ready at");
    expect((await scenario.mayfly.show("corner-shop-pr-1"))?.newest?.generation).toBe(2);
  });

  test("shows a branch beside it", async () => {
    tellOnFailure(scenario);
    expect((await run("up", "corner-shop", "--branch", "main")).code).toBe(0);
    expect(await page("corner-shop-pr-2")).toMatch(/^as committed at /);
    expect(await page("corner-shop-pr-1")).toMatch(/^not committed at /);
    const wrong = await run("up", "corner-shop", "--branch=--upload-pack=touch x");
    expect(wrong).toMatchObject({ code: 1, out: "" });
    expect(wrong.err).toContain('there is no branch "--upload-pack=touch x"');
  });

  test("tells what is wrong with the files and goes on serving what was good, also after a crash", async () => {
    tellOnFailure(scenario);
    write({ "compose.yaml": "services: { web: { build: web, privileged: true } }\n" });
    const failed = await run("up", "corner-shop");
    expect(failed.code).toBe(1);
    expect(failed.err).toContain("compose.yaml:1:");
    expect(failed.err).toContain("privileged");
    await scenario.mayfly.kill();
    await scenario.mayfly.start();
    await scenario.seen("corner-shop-pr-1", ({ serving, newest }) => serving !== null && newest?.phase === "failed");
    expect(await page("corner-shop-pr-1")).toMatch(/^not committed at /);
  });

  test("down removes what up made of the same directory and branch, and up brings it back", async () => {
    tellOnFailure(scenario);
    expect(await run("down", "corner-shop")).toMatchObject({
      code: 0,
      out: "corner-shop-pr-1 is gone, with its data.\n",
    });
    expect(await scenario.objects((await scenario.mayfly.show("corner-shop-pr-1"))!.key)).toEqual([]);
    expect((await scenario.mayfly.show("corner-shop-pr-2"))?.phase).toBe("ready");
    write(miniShop({ page: "back again" }));
    expect((await run("up", "corner-shop")).code).toBe(0);
    expect(await page("corner-shop-pr-1")).toMatch(/^back again at /);
    for (const args of [["corner-shop"], ["corner-shop", "--branch", "main"]])
      expect((await run("down", ...args)).code).toBe(0);
    expect(await run("down", "corner-shop", "--branch", "other")).toMatchObject({ code: 1, out: "" });
    expect(await scenario.objects()).toEqual([]);
  });

  test("says what it needs where there is no repository", async () => {
    const { code, err } = await run("up", folder);
    expect(code).toBe(1);
    expect(err).toContain("not a git repository");
    expect(err).toContain("git init");
  });

  test("tells GitHub nothing, and refuses a pack that is not whole", async () => {
    expect(scenario.github.deployments(repository)).toEqual([]);
    const { url, token } = scenario.mayfly;
    const query = new URLSearchParams({
      origin: "elsewhere",
      name: "x",
      branch: "b",
      commit: "0".repeat(40),
      title: "",
      author: "",
    });
    const send = (body: string) =>
      fetch(`${url}/api/local?${query.toString()}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body,
      });
    const refused = await send("PACK, or half of one");
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: "body-invalid" }]);
    expect((await fetch(`${url}/api/local?${query.toString()}`, { method: "POST" })).status).toBe(401);
    expect(await scenario.mayfly.show("x-pr-1")).toBeNull();
  });
});
