import { afterAll, beforeAll, expect, test } from "vitest";
import type { CheckState, CheckView } from "../../src/domain/check.ts";
import { createPublisher } from "../../src/feedback/publish.ts";
import { report } from "../../src/feedback/report.ts";
import { attempt, tell } from "./facts.ts";
import { app, createMemory, createWorld, log, repo, type World } from "./world.ts";

let world: World;
beforeAll(async () => void (world = await createWorld({ app: { ...app, privateKey: String(app.privateKey) } })));
afterAll(() => world[Symbol.asyncDispose]());

const check = (name: string, state: CheckState, more: Partial<CheckView> = {}): CheckView => {
  return { name, state, required: true, detail: null, seconds: 3.2, ...more };
};
const failed = check("e2e", "failed", { required: false, detail: "exited with code 1 after 40 s", seconds: 40 });

test.each<[CheckView, string, string]>([
  [check("smoke", "running"), "pending", "Running"],
  [check("smoke", "passed"), "success", "Passed in 3.2 s"],
  [failed, "failure", "Failed in 40 s (only reports): it exited with code 1 after 40 s"],
  [check("smoke", "stopped"), "error", "Ended without a result; `/redeploy` runs it again"],
])("of %j the commit is told", (each, state, description) => {
  const [view, details] = tell({ deployments: [attempt(1)] });
  const told = report({ ...view, checks: [each] }, details);
  expect(told.checks).toEqual([
    { name: each.name, commit: view.newest!.commit, state, description, targetUrl: `${details.pageUrl}#checks` },
  ]);
});

test("the comment has a line for them all, and none without", () => {
  const [view, details] = tell({ deployments: [attempt(1)] });
  const { comment } = report({ ...view, checks: [check("smoke", "passed"), failed] }, details);
  expect(comment).toMatch(/^Checks: \[`smoke`\]\(.*#checks\) passed in 3\.2 s · \[`e2e`\]\(.*\) failed in 40 s/m);
  expect(report(view, details).comment).not.toContain("Checks");
});

test("with an App each is a check run of its own, told once", async () => {
  const credentials = { token: null, app: { id: app.id, privateKey: String(app.privateKey) } };
  const publisher = createPublisher({ client: world.client(credentials), memory: createMemory(), log });
  const runs = () =>
    world.github
      .checks(repo, world.commit)
      .map(({ name, status, conclusion }) => `${name} ${status} ${conclusion}`)
      .toSorted();
  const [view, details] = tell({ number: world.number, deployments: [attempt(1, { commit: world.commit })] });
  const publish = (...checks: CheckView[]) => publisher.publish({ ...view, checks }, details);
  await publish(check("smoke", "running"), failed);
  await publish(check("smoke", "passed"), failed);
  await publish(check("smoke", "passed"), failed);
  expect(runs()).toEqual([
    "mayfly completed success",
    "mayfly/e2e completed failure",
    "mayfly/smoke completed success",
  ]);
});
