import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";
import { guests, image, pages, tables, workspaces } from "../support/template-apps.ts";

describe("a repository without a Compose file", () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await startScenario({ files: { "README.md": "Ours\n" } });
  });
  afterAll(() => endScenario(scenario));

  /** Opens a pull request with these files, and waits for its preview. */
  async function opened(branch: string, files: Record<string, string>) {
    const number = await scenario.open({ branch, files });
    const slug = `shop-pr-${number}`;
    const view = await scenario.seen(slug, ({ phase }) => phase === "ready" || phase === "failed");
    expect({ phase: view.phase, reason: view.reason }).toMatchObject({ phase: "ready" });
    const link = (service: string) => view.routes.find((route) => route.service === service)?.url ?? "";
    const visit = async (path = "/", service = "web") => scenario.mayfly.visit(new URL(path, link(service)).href);
    return { number, slug, link, visit };
  }
  const toldNote = (number: number) =>
    eventually(
      async () => {
        const told = /^- .*There is no Compose file.*$/m.exec(await scenario.comment(number))?.[0];
        if (told === undefined) throw new Error("the comment does not tell it");
        return told;
      },
      { timeoutMs: 15_000 },
    );

  test("with pages alone has them served as they are", async () => {
    tellOnFailure(scenario);
    const { number, visit } = await opened("pages", pages);
    const answers = await Promise.all(["/", "/about", "/shop/", "/gone", "/.env", "/shop"].map((path) => visit(path)));
    expect(answers.map(({ status, body }) => [status, /<h1>(.*)<\/h1>/.exec(body)?.[1]])).toEqual([
      [200, "The front page"],
      [200, "About us"],
      [200, "The shop"],
      [404, "Nothing here"],
      [404, "Nothing here"],
      [301, "301 Moved Permanently"],
    ]);
    expect(answers.at(-1)?.headers["location"]).toBe("/shop/");
    expect(await toldNote(number)).toMatch(
      /\[`index.html:1`\].* index\.html, so the stack is the template static-site/,
    );
  });

  test("with a Dockerfile runs its image on the port it exposes", async () => {
    tellOnFailure(scenario);
    const { visit } = await opened("image", image);
    expect((await visit()).body).toBe("port 8080");
  });

  test("with Node workspaces runs several commands of one image, and installs nothing for a push of code", async () => {
    tellOnFailure(scenario);
    const { slug, link, visit } = await opened("workspaces", workspaces);
    const said = async (service: string) =>
      JSON.parse((await visit("/", service)).body) as Record<"name" | "dice" | "page" | "API_URL", string>;
    const [web, api] = [await said("web"), await said("api")];
    expect(web).toMatchObject({ name: "web", built: "42", page: "first page", NODE_ENV: "production" });
    expect(web.API_URL).toBe(link("api"));
    expect(api).toMatchObject({ name: "api", dice: web.dice });
    const commit = await scenario.push({ branch: "workspaces", files: { "page.txt": "second page\n" } });
    await scenario.serving(slug, commit);
    expect(await said("web")).toMatchObject({ name: "web", page: "second page", dice: web.dice });
  });

  test("with Node and a Postgres driver finds its seeded database", async () => {
    tellOnFailure(scenario);
    const { number, visit } = await opened("guests", guests);
    expect((await visit()).body).toBe("Ann, Bob");
    expect(await toldNote(number)).toContain('package.json with "pg", so the stack is the template node-postgres.');
  });

  test("with Python and Postgres has its migrations run first", async () => {
    tellOnFailure(scenario);
    const { number, slug, visit } = await opened("tables", tables);
    expect((await visit()).body).toBe(`migrated for ${slug}.preview.localhost`);
    expect(await toldNote(number)).toContain(
      "requirements.txt with psycopg, so the stack is the template python-postgres.",
    );
  });
});
