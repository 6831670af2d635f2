import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "../../demo/browser.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop() });
});
afterAll(() => endScenario(scenario));

const server = miniShop()["web/server.js"]!;
const onLoopback = miniShop({
  server: server.replace('"0.0.0.0"', '"127.0.0.1"'),
  files: { ".mayfly.yaml": "routes:\n  web: 3000\nready: { timeout: 6s }\n" },
});

test("a preview that listens on 127.0.0.1 says so in the first line, on its page and in the status", async () => {
  tellOnFailure(scenario);
  const number = await scenario.open({ branch: "loopback", files: onLoopback });
  const view = await scenario.seen("shop-pr-1", ({ phase }) => phase === "failed");
  expect(view.newest?.failure).toMatchObject({
    code: "service-not-ready",
    service: "web",
    where: expect.stringMatching(/^compose\.yaml:\d+:\d+$/),
    suspects: [{ id: "loopback" }],
  });
  const what = "listens on 127.0.0.1:3000, not on 0.0.0.0:3000";
  await eventually(
    async () => {
      const [first = ""] = (await scenario.comment(number)).split("\n");
      expect(first).toContain(`failed, and nothing is up: \`web\` ${what} (did not become ready in 6.0 s`);
      expect(first).toContain("Let it listen on 0.0.0.0");
      const [status] = scenario.github.statuses(repository, view.newest?.commit ?? "");
      expect(status).toMatchObject({ state: "failure", description: expect.stringContaining(what) });
    },
    { timeoutMs: 10_000 },
  );
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(view.link);
    expect(await page.locator("#failure").innerText()).toContain(what);
    expect(await page.locator("#failure").innerText()).toContain("Let it listen on 0.0.0.0");
  } finally {
    await browser.close();
  }
});

const refusing = server.replace(
  'if (request.url === "/slow")',
  `if (request.headers.host !== "localhost:3000") {
    response.writeHead(403, { "content-type": "text/plain" });
    return response.end('Blocked request. This host ("' + request.headers.host + '") is not allowed.');
  }
  if (request.url === "/slow")`,
);

test("a page that refuses our host is not shown as ready, and the setting to change is named at once", async () => {
  tellOnFailure(scenario);
  const number = await scenario.open({ branch: "hosts", files: miniShop({ server: refusing }) });
  await scenario.seen(`shop-pr-${number}`, ({ phase }) => phase === "failed", 60_000);
  await eventually(
    async () =>
      expect((await scenario.comment(number)).split("\n")[0]).toMatch(
        /Vite in `web` refuses the host .*answers 403.*server\.allowedHosts/,
      ),
    { timeoutMs: 10_000 },
  );
});

const leaving = server.replace(
  'if (request.url === "/slow")',
  `if (request.url === "/leave") {
    require("node:fs").writeFileSync("/app/left", "");
    response.end("leaving");
    return setTimeout(() => process.exit(1), 100);
  }
  if (request.url === "/slow")`,
);
const missing = `if (require("node:fs").existsSync("/app/left")) require("net").connect(5432, "127.0.0.1");\n`;

test("a service that does not come back after the swap is told of with its cause, and one that does is not", async () => {
  tellOnFailure(scenario);
  const { mayfly, docker } = scenario;
  const number = await scenario.open({ branch: "leave", files: miniShop({ server: missing + leaving }) });
  const slug = `shop-pr-${number}`;
  const view = await scenario.seen(slug, ({ phase }) => phase === "ready");
  await mayfly.visit(new URL("/leave", view.url).href);
  const seen = await scenario.seen(slug, ({ reason }) => reason !== null);
  expect(seen.reason).toMatch(/`web` looks for PostgreSQL at 127\.0\.0\.1:5432.*(ended|keeps ending) with code 1/);
  await eventually(
    async () => expect((await scenario.comment(number)).split("\n")[0]).toMatch(/It is not whole now: `web` looks for/),
    { timeoutMs: 10_000 },
  );

  // Ended from outside it is brought back, and nothing is left to tell.
  const good = await scenario.push({ branch: "leave", files: miniShop({ page: "steady" }) });
  await scenario.serving(slug, good);
  const names = (await scenario.objects(view.key)).filter((each) => /^container .*-web-g2$/.test(each));
  await docker.getContainer(names[0]?.split("/")[1] ?? "").kill();
  await eventually(async () => expect((await mayfly.visit(view.url)).body).toContain("steady at"), {
    timeoutMs: 30_000,
  });
  expect(await mayfly.show(slug)).toMatchObject({ phase: "ready", reason: null });
});
