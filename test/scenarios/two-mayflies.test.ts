import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

// Two Mayflies on one engine, with the same pool, the same repository and the same pull request's number.
const config = { repositories: { [repository]: {} } };
let one: Scenario;
let other: Scenario;
beforeAll(async () => {
  one = await startScenario({ files: miniShop(), config });
  other = await startScenario({ files: miniShop(), config });
});
afterAll(async () => {
  await endScenario(one);
  await endScenario(other);
});

const doctor = ({ folder, environment }: Scenario, ...words: string[]) => {
  const main = resolve(import.meta.dirname, "../../src/main.ts");
  const env = { ...process.env, ...environment };
  const args = [main, "doctor", "--config", join(folder, "server.yaml"), ...words];
  return new Promise<{ code: unknown; out: string; said: string }>((done) => {
    execFile(process.execPath, args, { env }, (error, out, said) => done({ code: error?.code ?? 0, out, said }));
  });
};
const page = async (scenario: Scenario, slug: string) => {
  const view = await scenario.seen(slug, ({ phase }) => phase === "ready");
  return (await scenario.mayfly.visit(view.url)).body;
};

test("each touches only its own: one's merge, restart and sweep leave the other's preview as it is", async () => {
  tellOnFailure(one);
  tellOnFailure(other);
  const numbers = await Promise.all([
    one.open({ branch: "change", files: miniShop({ page: "of one" }) }),
    other.open({ branch: "change", files: miniShop({ page: "of the other" }) }),
  ]);
  expect(numbers).toEqual([1, 1]);
  expect(await page(one, "shop-pr-1")).toContain("of one at");
  expect(await page(other, "shop-pr-1")).toContain("of the other at");
  const before = (await other.objects()).toSorted();
  expect(before.length).toBeGreaterThan(1);

  await one.github.merge({ repo: repository, number: 1, author: "ann" });
  await one.seen("shop-pr-1", ({ phase }) => phase === "gone");
  await one.mayfly.stop();
  await one.mayfly.start();
  expect(await one.objects()).toEqual([]);
  expect((await other.objects()).toSorted()).toEqual(before);
  expect(await page(other, "shop-pr-1")).toContain("of the other at");
});

test("doctor looks at a running server, and tells of the neighbor", async () => {
  const { code, out } = await doctor(other, "--json");
  const { checks, firewall } = JSON.parse(out) as {
    checks: { name: string; status: string; message: string; hint?: string }[];
    firewall: string | null;
  };
  const told = Object.fromEntries(checks.map(({ name, status, message }) => [name, `${status} ${message}`]));
  // What branches cost here was tried, and where something makes them cheaper, that is named.
  const data = checks.find(({ name }) => name === "data");
  expect(data?.status === "ok" || data?.hint?.includes("XFS")).toBe(true);
  expect(told).toMatchObject({
    engine: expect.stringMatching(/^ok engine \d+/),
    data: expect.stringMatching(/^(ok|warn) data branches (share what they do not change, on|copy the whole snapshot)/),
    state: expect.stringMatching(/^ok /),
    git: expect.stringMatching(/^ok git 2/),
    webhook: "ok the webhook secret is set",
    github: expect.stringMatching(/^ok the token is /),
    clock: "ok the clock agrees with GitHub's",
    "public-url": expect.stringMatching(/^ok http:\/\/localhost:\d+ answers/),
    sites: "ok dashboard and previews are on this machine",
    server: expect.stringMatching(/^ok /),
  });
  expect(checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(code).toBe(0);
  expect(firewall).toContain("iptables-restore");
});

test("after a lost state folder, the new one adopts what is there: the preview comes up again and goes without a trace", async () => {
  tellOnFailure(other);
  const refused = await doctor(other, "--adopt", "0123456789abcdef");
  expect(refused).toMatchObject({
    code: 1,
    said: expect.stringContaining("nothing on this engine carries the server id"),
  });
  expect(await doctor(other, "--adopt", other.serverId)).toMatchObject({
    code: 1,
    said: expect.stringContaining("in use by"),
  });

  await other.mayfly.stop();
  const state = join(other.folder, "state");
  rmSync(state, { recursive: true });
  const adopted = await doctor(other, "--adopt", other.serverId);
  expect(adopted).toMatchObject({ code: 0, out: expect.stringContaining("this server's now") });
  // Not part of what is adopted; the test asks with it.
  writeFileSync(join(state, "api-token"), other.mayfly.token);
  await other.mayfly.start();
  expect(await page(other, "shop-pr-1")).toContain("of the other at");
  expect(await other.objects()).not.toEqual([]);
  await other.github.merge({ repo: repository, number: 1, author: "ann" });
  await other.seen("shop-pr-1", ({ phase }) => phase === "gone");
  expect(await other.objects()).toEqual([]);
});
