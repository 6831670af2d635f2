import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const compose = `services:
  web: { build: web, ports: ["3000:3000"] }
`;
let scenario: Scenario;
/** A registry that answers, and has nothing. */
let registry: Server;
let host: string;
beforeAll(async () => {
  registry = createServer((request, response) =>
    request.url === "/v2/"
      ? response.writeHead(200, { "content-type": "application/json" }).end("{}")
      : response
          .writeHead(404, { "content-type": "application/json" })
          .end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'),
  ).listen(0, "127.0.0.1");
  await once(registry, "listening");
  host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  scenario = await startScenario({
    files: miniShop({ compose, files: { "blog/index.md": "# Blog" } }),
    config: { registries: { [host]: { username: "bot", password: "any-password" } } },
  });
});
afterAll(async () => {
  registry.close();
  await endScenario(scenario);
});

test("a push that changes nothing of the preview keeps it as it is, and says so", async () => {
  tellOnFailure(scenario);
  const number = await scenario.open({ branch: "cart", files: { "web/page.txt": "cart" } });
  const slug = `shop-pr-${number}`;
  const { key, serving } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  const before = (await scenario.objects(key)).toSorted();

  const beside = await scenario.push({ branch: "cart", files: { "blog/index.md": "# New", "web.md": "notes" } });
  const description = `Nothing to be done: this push changes nothing of what the preview is made of; ${serving!.commit.slice(0, 7)} stays`;
  await eventually(
    () =>
      expect(scenario.github.statuses(repository, beside)[0]).toMatchObject({
        state: "success",
        description,
      }),
    { timeoutMs: 15_000 },
  );
  expect(await scenario.mayfly.show(slug)).toMatchObject({ phase: "ready", newest: { generation: 1 } });
  expect((await scenario.objects(key)).toSorted()).toEqual(before);

  // A file that was asked for and not there counts as much as one that was read.
  const env = await scenario.push({ branch: "cart", files: { ".env": "A=b\n" } });
  await scenario.serving(slug, env);
  const within = await scenario.push({ branch: "cart", files: { "web/page.txt": "changed" } });
  const { url } = await scenario.serving(slug, within);
  expect((await scenario.mayfly.visit(url)).body).toContain("changed");
});

test("an image that is built elsewhere for each commit is waited for, and the pull request says for which", async () => {
  tellOnFailure(scenario);
  const name = `${host}/shop/web`;
  const files = { "compose.yaml": `services: { web: { image: "${name}:sha-$MAYFLY_COMMIT_SHORT", ports: [3000] } }\n` };
  const number = await scenario.open({ branch: "ci", files });
  const slug = `shop-pr-${number}`;
  const { newest } = await scenario.seen(slug, (view) => view.newest?.phase === "building");
  const image = `${name}:sha-${newest!.commit.slice(0, 7)}`;
  await eventually(async () => expect((await scenario.comment(number)).split("\n")[0]).toContain(image), {
    timeoutMs: 15_000,
  });
  await build(image);
  const { url } = await scenario.seen(slug, ({ phase }) => phase === "ready");
  expect((await scenario.mayfly.visit(url)).body).toContain("made by CI");
  await scenario.github.close({ repo: repository, number, author: "ann" });
  await scenario.seen(slug, ({ phase }) => phase === "gone");
  await scenario.docker.getImage(image).remove({ force: true });
});

/** What the job of another system does: afterwards the image is there under its name. */
async function build(tag: string): Promise<void> {
  const context = pack();
  const { "web/Dockerfile": dockerfile = "", "web/server.js": server = "" } = miniShop();
  context.entry({ name: "Dockerfile" }, dockerfile);
  context.entry({ name: "server.js" }, server);
  context.entry({ name: "page.txt" }, "made by CI");
  context.finalize();
  await buffer(await scenario.docker.buildImage(Readable.from(context), { t: tag }));
}
