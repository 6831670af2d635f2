import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServerState } from "../../src/api/world.ts";
import { labels } from "../../src/domain/labels.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { createOwnEngine, type OwnEngine } from "../support/own-engine.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let engine: OwnEngine;
let scenario: Scenario;
beforeAll(async () => {
  engine = await createOwnEngine({ images: ["node:24"] });
  scenario = await startScenario({
    files: miniShop(),
    config: {
      engine: { host: engine.host },
      network: { pool: engine.pool },
      defaults: { freeze_after: "3s", stop_after: "1h" },
      // So much is never free, and this engine's caches are nobody else's.
      disk: { reserve: "99%" },
    },
  });
  const own = { [labels.server]: scenario.serverId, [labels.kind]: "image" };
  await loadImage(scenario.docker, "mayfly.local/7/team:old", own);
  await loadImage(scenario.docker, "others.local/old:1", {});
});
afterAll(async () => {
  try {
    await endScenario(scenario);
  } finally {
    await engine[Symbol.asyncDispose]();
  }
});

const logged = (text: string) => readFileSync(scenario.mayfly.logFile, "utf8").includes(text);

/** Without `restart:`, and ending in good order when it is told to. */
const restartless = miniShop({
  page: "restartless",
  compose: miniShop()["compose.yaml"]!.replace("    restart: unless-stopped\n", ""),
});

const slowlyBuilt = (page: string) =>
  miniShop({ page, dockerfile: 'FROM node:24\nRUN sleep 4\nCOPY . /app\nCMD ["node", "/app/server.js"]\n' });

describe("the engine is stopped and started", () => {
  test.each([
    ["an image is built", "building", slowlyBuilt("first page")],
    [
      "a service starts",
      "starting",
      miniShop({
        server: `setTimeout(() => {}, 5000);\n${miniShop()["web/server.js"]!.replace("server.listen(3000", "setTimeout(() => server.listen(3000").replace('console.log("listening"));', 'console.log("listening")), 4000);')}`,
      }),
    ],
  ])("while %s: nothing fails, and the preview becomes ready once it is back", async (_when, phase, files) => {
    tellOnFailure(scenario);
    const number = await scenario.open({ branch: `stopped-${phase}`, files });
    const slug = `shop-pr-${number}`;
    await scenario.seen(slug, (view) => view.phase === phase);
    await engine.stop();
    await eventually(() => logged("engine-unreachable"), { timeoutMs: 20_000 });
    expect(await scenario.mayfly.show(slug)).toMatchObject({ newest: { failure: null } });
    await engine.start();
    const { url } = await scenario.seen(slug, (view) => view.phase === "ready");
    expect((await scenario.mayfly.visit(url)).status).toBe(200);
  });

  test("in good order or by a power cut, with Mayfly up first: it says so, serves pages, and every preview comes back as it was", async () => {
    tellOnFailure(scenario);
    const { mayfly } = scenario;
    const [stopped, ended] = [
      await scenario.open({ branch: "stopped", files: miniShop({ page: "stopped" }) }),
      await scenario.open({ branch: "restartless", files: restartless }),
    ];
    const ready = (number: number) => scenario.seen(`shop-pr-${number}`, ({ serving }) => serving !== null);
    const awake = await Promise.all([1, ended].map(ready));
    const asleep = { paused: await ready(2), exited: await ready(stopped) };
    for (const { slug } of awake) await verb(slug, "pin");
    // What ends right after its start only would end again: it is left alone.
    await scenario.seen(awake[1]!.slug, ({ serving }) => Date.now() - serving!.readyAt > 10_000);
    // What was frozen comes back frozen where it was still young, else stopped.
    const sleeping = (isBack = false) =>
      eventually(
        async () => {
          for (const [state, { key }] of Object.entries(asleep))
            expect(isBack ? [state, "exited"] : [state]).toContain(await stateOf(key));
        },
        { timeoutMs: 60_000 },
      );
    for (const end of [engine.stop, engine.cutPower]) {
      await verb(asleep.exited.slug, "sleep");
      await sleeping();
      await mayfly.kill();
      await end();
      await mayfly.start();
      for (const { url, slug } of awake) {
        expect(await mayfly.show(slug)).toMatchObject({ phase: "ready" });
        const page = await mayfly.visit(url, { headers: { accept: "text/html" } });
        expect(page.status).toBe(503);
        expect(page.body).toContain(slug);
      }
      await engine.start();
      for (const { url } of awake) {
        await eventually(async () => expect((await mayfly.visit(url)).status).toBe(200), { timeoutMs: 60_000 });
      }
      await sleeping(true);
      for (const { url, slug } of Object.values(asleep)) {
        expect(await mayfly.show(slug)).toMatchObject({ phase: "asleep" });
        expect((await mayfly.visit(url)).status).toBe(200);
      }
      for (const { key } of awake) expect(await stateOf(key)).toBe("running");
    }
  });

  test("by a restart or a power cut: what is awake comes back stopped, the pinned by themselves, the others when somebody comes", async () => {
    tellOnFailure(scenario);
    const { mayfly } = scenario;
    const [pinned, other] = await Promise.all(
      ["shop-pr-1", "shop-pr-3"].map((slug) => scenario.seen(slug, ({ serving }) => serving !== null)),
    );
    for (const end of [engine.stop, engine.cutPower]) {
      await eventually(
        async () => {
          // Visited, it stays awake meanwhile.
          expect((await mayfly.visit(other!.url)).status).toBe(200);
          for (const { key } of [pinned!, other!]) expect(await policyOf(key)).toBe("no");
        },
        { timeoutMs: 60_000 },
      );
      await end();
      await engine.start();
      await scenario.seen(other!.slug, ({ asleep }) => asleep === "stopped", 30_000);
      await eventually(async () => expect(await stateOf(pinned!.key)).toBe("running"), { timeoutMs: 60_000 });
      expect(await stateOf(other!.key)).toBe("exited");
      expect((await mayfly.visit(other!.url)).status).toBe(200);
      expect(await policyOf(other!.key)).toBe("unless-stopped");
    }
  });
});

test("where too little of the disk is free, what can be had again goes, and neither what a preview needs nor what builds begin with", async () => {
  tellOnFailure(scenario);
  await eventually(() => logged('"image":"mayfly.local/7/team:old"'), { timeoutMs: 60_000 });
  await eventually(() => expect(logged("nothing more on the engine's disk is ours to remove")).toBe(true), {
    timeoutMs: 60_000,
  });
  const told = await scenario.mayfly.api<ServerState>("/api/server");
  expect(told.disk?.freeBytes).toBeLessThan(told.disk?.reserveBytes ?? 0);
  expect(told.notices.join()).toMatch(/^Little room is left .* Nothing more is Mayfly's to remove/);
  for (const number of [1, 3]) {
    const { url } = await scenario.seen(`shop-pr-${number}`, ({ serving }) => serving !== null);
    expect((await scenario.mayfly.visit(url)).status).toBe(200);
  }
  const images = await scenario.docker.listImages({ filters: { label: [`${labels.server}=${scenario.serverId}`] } });
  expect(images.length).toBeGreaterThan(0);
  const names = (await scenario.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
  expect(names).toEqual(expect.arrayContaining(["node:24", "others.local/old:1"]));
  expect(names).not.toContain("mayfly.local/7/team:old");
  await scenario.docker.getImage("others.local/old:1").remove();

  // The step that took four seconds in the first build here takes none.
  const number = await scenario.open({ branch: "warm", files: slowlyBuilt("warm") });
  await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "ready");
  const built = readFileSync(scenario.mayfly.logFile, "utf8")
    .split("\n")
    .findLast((line) => line.includes("build ended"));
  expect(JSON.parse(built ?? "{}")).toMatchObject({ durationMs: expect.any(Number) });
  expect((JSON.parse(built ?? "{}") as { durationMs: number }).durationMs).toBeLessThan(3500);
});

/** An image without a file, made years ago. */
async function loadImage(docker: Docker, name: string, about: Record<string, string>): Promise<void> {
  const layer = await archiveOf({ "a.txt": name });
  const digest = createHash("sha256").update(layer).digest("hex");
  const config = {
    architecture: "amd64",
    os: "linux",
    created: "2020-01-01T00:00:00Z",
    config: { Labels: about },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
  };
  const manifest = [{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }];
  const parts = {
    "config.json": JSON.stringify(config),
    "manifest.json": JSON.stringify(manifest),
    "layer.tar": layer,
  };
  const answer = await docker.loadImage(Readable.from([await archiveOf(parts)]));
  await text(answer);
}

async function archiveOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  return await buffer(archive);
}

function verb(slug: string, name: string): Promise<unknown> {
  return scenario.mayfly.api(`/api/previews/${slug}/${name}`, { method: "POST" });
}

/** What the engine says of a preview's page. */
async function stateOf(key: string): Promise<string | undefined> {
  const label = [`${labels.preview}=${key}`, `${labels.service}=web`];
  return (await scenario.docker.listContainers({ all: true, filters: { label } }))[0]?.State;
}

/** Whether the engine would start it by itself. */
async function policyOf(key: string): Promise<string | undefined> {
  const label = [`${labels.preview}=${key}`, `${labels.service}=web`];
  const [web] = await scenario.docker.listContainers({ filters: { label } });
  const info = web && (await scenario.docker.getContainer(web.Id).inspect());
  return info?.HostConfig.RestartPolicy?.Name;
}
