import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let scenario: Scenario;
beforeAll(async () => {
  scenario = await startScenario({ files: miniShop(), config: { max: 1 } });
});
afterAll(() => endScenario(scenario));

test("what does not fit waits, knows its turn, also after a restart, and starts when another goes", async () => {
  tellOnFailure(scenario);
  const { github, mayfly } = scenario;
  const open = (branch: string) => scenario.open({ branch, files: miniShop({ page: "same" }) });
  const says = (number: number, line: string | RegExp) =>
    eventually(async () => expect((await scenario.comment(number)).split("\n")[0]).toMatch(line), {
      timeoutMs: 20_000,
    });
  const first = await open("first");
  await scenario.seen(`shop-pr-${first}`, ({ phase }) => phase === "ready");
  const second = await open("second");
  await scenario.seen(`shop-pr-${second}`, ({ queue }) => queue !== null);
  const third = await open("third");
  await says(third, "Waiting: 2nd in the queue of 2; 1 of 1 previews are up.");
  const waiting = await scenario.seen(`shop-pr-${third}`, ({ queue }) => queue?.place === 2);
  expect(await scenario.objects(waiting.key)).toEqual([]);
  const page = await mayfly.visit(waiting.url, { headers: { accept: "text/html" } });
  expect([page.status, page.headers["retry-after"]]).toEqual([503, "15"]);
  expect(page.body).toContain("2nd in the queue of 2");

  // A push to what is up waits for nobody.
  const pushed = await scenario.push({ branch: "first", files: { "web/page.txt": "pushed\n" } });
  await scenario.serving(`shop-pr-${first}`, pushed);
  expect(await mayfly.show(`shop-pr-${second}`)).toMatchObject({ phase: "pending", queue: { place: 1 } });

  await mayfly.kill();
  await mayfly.start();
  expect(await mayfly.show(`shop-pr-${third}`)).toMatchObject({ phase: "pending", queue: { place: 2, of: 2 } });

  await github.merge({ repo: repository, number: first, author: "ann" });
  await scenario.seen(`shop-pr-${second}`, ({ phase }) => phase === "ready");
  await says(third, "Waiting: 1st in the queue of 1; 1 of 1 previews are up.");
  await github.comment({ repo: repository, number: second, author: "bob", body: "/destroy" });
  await scenario.seen(`shop-pr-${third}`, ({ phase }) => phase === "ready");
  await says(third, /is ready at/);

  // Who was destroyed waits at the end like anybody else.
  await github.comment({ repo: repository, number: second, author: "bob", body: "/deploy" });
  await says(second, "Waiting: 1st in the queue of 1; 1 of 1 previews are up.");
});

test("what fails before anything of it serves makes room for others, and waits its turn when it is mended", async () => {
  tellOnFailure(scenario);
  for (const number of [2, 3]) await scenario.github.close({ repo: repository, number, author: "ann" });
  const broken = await scenario.open({
    branch: "broken",
    files: { "compose.yaml": "services: { web: { imagee: x } }\n" },
  });
  await scenario.seen(`shop-pr-${broken}`, ({ phase }) => phase === "failed");
  const sound = await scenario.open({ branch: "sound", files: miniShop({ page: "same" }) });
  await scenario.seen(`shop-pr-${sound}`, ({ phase }) => phase === "ready");
  await scenario.push({ branch: "broken", files: miniShop({ page: "mended" }) });
  await scenario.seen(`shop-pr-${broken}`, ({ queue }) => queue?.place === 1);
  await scenario.github.close({ repo: repository, number: sound, author: "ann" });
  const mended = await scenario.seen(`shop-pr-${broken}`, ({ phase }) => phase === "ready");
  expect((await scenario.mayfly.visit(mended.url)).body).toContain("mended");
});
