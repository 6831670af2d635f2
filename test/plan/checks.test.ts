import { expect, test } from "vitest";
import type { CheckSpec } from "../../src/domain/check.ts";
import { planDeploy } from "../../src/plan/deploy.ts";
import { images, nothing, running, service, shop } from "../support/stack.ts";
import { after, deploy, expectOrdered, lines, volume, whole } from "./world.ts";

const checkOf = (name: string, required: boolean): CheckSpec => {
  const runner = service(`check.${name}`, { image: { kind: "build", build: "web" }, job: true, restart: "no" });
  return { name, required, timeoutMs: 60_000, runner };
};
const checks = [checkOf("smoke", true), checkOf("e2e", false)];
const web = images["web"]!;
const withRunners = { ...images, "check.smoke": web, "check.e2e": web };

test("checks run once the page answers, and it takes over when all have begun, and the required ones have passed", () => {
  const plan = deploy(shop(2, { checks }), shop(1), running(shop(1), volume), { images: withRunners });
  expectOrdered(plan);
  expect(lines(plan)).toEqual(
    expect.arrayContaining(["check smoke has to pass before it takes over", "check e2e only reports"]),
  );
  expect(after(plan, "check:smoke")).toEqual(["probe"]);
  expect(after(plan, "swap")).toEqual(["probe", "check:smoke", "check:e2e"]);
});

test("each has an address of its own after those of the services, in a subnet that has room for it", () => {
  const plan = deploy(shop(1, { checks }), null, nothing, { whole: new Set(), images: withRunners });
  const indexes = plan.steps.flatMap((step) =>
    step.kind === "check" ? step.container.attachments.map(({ index }) => index) : [],
  );
  expect(indexes).toEqual([2, 3]);
  const networks = plan.steps.flatMap((step) => (step.kind === "create-network" ? [step.addresses] : []));
  expect(networks).toEqual([4]);
});

test("what has its result is not run again, and what an earlier run left of it goes", () => {
  const state = running(shop(1, { checks }), volume);
  const [, candidate] = state.containers;
  const left = { ...candidate!, name: "shop-pr-42-ab12.check-smoke-g1", service: "check.smoke", id: "left" };
  const plan = planDeploy({
    candidate: shop(1, { checks }),
    serving: null,
    state: { ...state, containers: [...state.containers, left] },
    images: withRunners,
    whole,
    checked: new Set(["smoke"]),
    nonce: "n0nc",
    drainMs: 30_000,
  });
  expect(plan.steps.filter(({ kind }) => kind === "check").map(({ id }) => id)).toEqual(["check:e2e"]);
  expect(after(plan, "swap")).toEqual(["probe", "check:e2e"]);
  expect(lines(plan)).toContain("remove shop-pr-42-ab12.check-smoke-g1 left by an earlier attempt");
});

test("a check of what serves that goes on goes at once when there is a push: nobody sees to its deadline any more", () => {
  const state = running(shop(1, { checks }), volume);
  const load = { ...state.containers[1]!, name: "shop-pr-42-ab12.check-e2e-g1", service: "check.e2e", id: "load" };
  const containers = [...state.containers, { ...load, volumes: [] }];
  const plan = deploy(shop(2), shop(1, { checks }), { ...state, containers });
  expectOrdered(plan);
  expect(lines(plan)).toContain("remove shop-pr-42-ab12.check-e2e-g1 left by an earlier attempt");
  expect(after(plan, "remove:shop-pr-42-ab12.check-e2e-g1")).toEqual([]);
});
