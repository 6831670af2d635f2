import { expect, test } from "vitest";
import { planDeploy } from "../../src/plan/deploy.ts";
import { planGround } from "../../src/plan/networks.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import { images, nothing, shop } from "../support/stack.ts";

const preview = { project: "shop-pr-42-ab12", generation: 1, trust: "team" as const };
const grounds = (state: StackState = nothing) => planGround(preview, null, state).steps;

test("a first deployment's network is made before its files are read: the one that most have", () => {
  expect(grounds().map(({ id }) => id)).toEqual(["create-network:shop-pr-42-ab12_g1_default"]);
});

test("a push's are those of what serves", () => {
  const serving = shop(1, { networks: [{ name: "back", internal: true }] });
  const made = planGround({ ...preview, generation: 2 }, serving, nothing).steps;
  expect(made).toMatchObject([{ network: { name: "back", internal: true }, generation: 2 }]);
});

test("a fork's lead nowhere", () => {
  expect(planGround({ ...preview, trust: "fork" }, null, nothing).steps).toMatchObject([
    { network: { internal: true } },
  ]);
});

const made = (network: { subnet?: string; internal?: boolean; name?: string }): StackState => ({
  ...nothing,
  networks: [
    {
      name: `shop-pr-42-ab12_g1_${network.name ?? "default"}`,
      generation: 1,
      network: network.name ?? "default",
      subnet: "10.213.0.0/28",
      internal: false,
      ...network,
    },
  ],
});

const cases: [string, StackState, Parameters<typeof shop>[1], string[]][] = [
  ["what fits is used", made({}), {}, []],
  ["one that leads nowhere by the operator's wish is used", made({ internal: true }), {}, []],
  [
    "one that is too small is made anew",
    made({ subnet: "10.213.0.0/30" }),
    {},
    ["remove-network:shop-pr-42-ab12_g1_default", "create-network:shop-pr-42-ab12_g1_default"],
  ],
  [
    "one that should lead nowhere and does not is made anew",
    made({}),
    { networks: [{ name: "default", internal: true }] },
    ["remove-network:shop-pr-42-ab12_g1_default", "create-network:shop-pr-42-ab12_g1_default"],
  ],
  [
    "one that the stack turned out not to have goes",
    made({}),
    { networks: [{ name: "back", internal: false }] },
    ["create-network:shop-pr-42-ab12_g1_back", "remove-network:shop-pr-42-ab12_g1_default"],
  ],
];

test.each(cases)("of what was made ahead, %s", (_what, state, more, steps) => {
  const { networks } = shop(1, more);
  const candidate = shop(1, {
    ...more,
    services: shop(1).services.map((each) => ({
      ...each,
      networks: networks.map(({ name }) => ({ network: name, aliases: [] })),
    })),
  });
  const plan = planDeploy({ candidate, serving: null, state, images, whole: new Set(), nonce: "n", drainMs: 0 });
  const found = plan.steps.filter(({ id }) => /network:.*_g1_/.test(id));
  expect(found.map(({ id }) => id)).toEqual(steps);
  const removed = found.filter(({ kind }) => kind === "remove-network").map(({ id }) => id.split(":")[1]);
  const anew = found.filter((step) => removed.some((name) => step.id === `create-network:${name}`));
  expect(anew.map(({ after }) => after.filter((id) => id.startsWith("remove-network:")))).toEqual(
    anew.map(({ id }) => [id.replace("create", "remove")]),
  );
});
