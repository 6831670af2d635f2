import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRenderer, type Renderer } from "../../src/app-render.ts";

let root: string;
let renderer: Renderer;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "mayfly-render-"));
  renderer = createRenderer();
});
afterAll(async () => {
  await renderer[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

const render = (compose: string) => {
  writeFileSync(join(root, "compose.yaml"), compose);
  return renderer.render({
    root,
    special: [],
    left: [],
    publicUrl: "https://mayfly.example.net:8443",
    secrets: null,
    sources: null,
    limits: { cpus: 2, memoryBytes: 2 ** 31, pids: 1024, services: 30 },
    preview: {
      slug: "shop-pr-1",
      project: "shop-pr-1-ab12",
      key: "7-1",
      number: 1,
      repository: "acme/shop",
      branch: "b",
      commit: "c".repeat(40),
      generation: 1,
      trust: "team",
      registries: [],
      allow: [],
      dataEpoch: 0,
      domain: "preview.example.com",
    },
  });
};
const good = "services:\n  web:\n    image: node:24\n    ports: [3000]\n    environment: { URL: $MAYFLY_URL }\n";

test("a branch's files are rendered beside the event loop, with links as people click them", async () => {
  const { stack } = await render(good);
  expect(stack?.services[0]?.environment).toEqual({ URL: "https://shop-pr-1.preview.example.com:8443" });
});

test("an error keeps its kind, code and place", async () => {
  await expect(render("services:\n  web: [\n")).rejects.toMatchObject({
    name: "InputError",
    code: "yaml-invalid",
    place: { file: "compose.yaml" },
  });
  expect((await render(good)).stack).not.toBeNull();
});

test("several at once each get their own answer", async () => {
  const all = await Promise.all([render(good), render(good), render(good)]);
  expect(all.map(({ stack }) => stack?.slug)).toEqual(["shop-pr-1", "shop-pr-1", "shop-pr-1"]);
});
