import { describe, expect, test } from "vitest";
import { dataKey } from "../../src/domain/naming.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import type { StackSpec } from "../../src/domain/stack.ts";
import type { StackState } from "../../src/domain/stack-state.ts";
import type { Plan } from "../../src/plan/step.ts";
import { planSettle } from "../../src/plan/deploy.ts";
import { containerHash } from "../../src/plan/identity.ts";
import { images as shopImages, nothing, running, service, shop } from "../support/stack.ts";
import { after, deploy, expectOrdered, volume, whole } from "./world.ts";

const project = "shop-pr-42-ab12";
const network = `${project}_data`;
const images = { ...shopImages, clerk: { id: "sha256:clerk", ports: [], volumes: [] } };
const clerk = (more: Partial<ServiceSpec> = {}) =>
  service("clerk", {
    image: { kind: "pull", reference: "node:24" },
    kept: true,
    mounts: [{ kind: "volume", volume: "desk", target: "/desk", readOnly: false }],
    dependsOn: [{ service: "db", condition: "healthy", required: true }],
    ...more,
  });
const desk = { name: `${project}_desk_0001`, volume: "desk", dataKey: dataKey("desk", "sha256:clerk", "0") };
function peered(generation: number, change: { clerk?: Partial<ServiceSpec>; stack?: Partial<StackSpec> } = {}) {
  const base = shop(generation);
  return {
    ...base,
    services: [...base.services, clerk(change.clerk)],
    volumes: [...base.volumes, { name: "desk" }],
    ...change.stack,
  };
}
const made = (plan: Plan) => plan.steps.flatMap((step) => (step.kind === "create" ? [step.container] : []));
const places = (plan: Plan) =>
  Object.fromEntries(
    made(plan).map(({ service: { name }, attachments }) => [name, attachments.map((it) => it.network)]),
  );
const networks = (plan: Plan) => plan.steps.flatMap((step) => (step.kind === "create-network" ? [step] : []));
const joins = (plan: Plan) => plan.steps.filter((step) => step.kind === "join" && step.attachment.network === network);

/** The first generation serves, with both in their network. */
function serving(stack: StackSpec): StackState {
  const state = running(stack, volume);
  const [first] = state.networks;
  const specHash = containerHash(clerk(), images.clerk.id, { desk: desk.name });
  const isClerk = { specHash, name: `${project}-clerk-${specHash.slice(0, 8)}`, volumes: [desk.name] };
  return {
    containers: state.containers.map((each) => ({
      ...each,
      ...(each.service === "clerk" && isClerk),
      ...(each.service !== "web" && { addresses: { ...each.addresses, [network]: "10.213.2.2" } }),
    })),
    networks: [
      ...state.networks,
      { ...first!, name: network, generation: 0, network: "data", subnet: "10.213.2.0/28" },
    ],
    volumes: [...state.volumes, { ...state.volumes[0]!, ...desk }],
  };
}

describe("services that keep data and use one another have a network that no push takes away", () => {
  test("the first deployment makes both in it, under their names, with addresses that the engine chooses", () => {
    const plan = deploy(peered(1), null, nothing, { whole: new Set(), images });
    expectOrdered(plan);
    expect(places(plan)).toEqual({
      db: [`${project}_g1_default`, network],
      clerk: [`${project}_g1_default`, network],
      web: [`${project}_g1_default`],
    });
    const [db] = made(plan).filter((each) => each.service.name === "db");
    expect(db?.attachments[1]).toEqual({ network, aliases: ["db"], index: null });
    expect(after(plan, "create:db")).toContain(`create-network:${network}`);
    expect(networks(plan).find(({ name }) => name === network)).toMatchObject({
      generation: 0,
      network: { internal: false },
    });
  });

  test.each<[string, StackSpec]>([
    ["nobody names another", peered(1, { clerk: { dependsOn: [] } })],
    ["they meet in no network", peered(1, { clerk: { networks: [{ network: "other", aliases: [] }] } })],
    ["only one keeps data", shop(1)],
  ])("there is none where %s", (_where, stack) => {
    const plan = deploy(stack, null, nothing, { whole: new Set(), images });
    expect(networks(plan).map(({ name }) => name)).not.toContain(network);
  });

  test.each<[string, Partial<StackSpec>]>([
    ["of a fork", { trust: "fork" }],
    ["whose own networks lead nowhere", { networks: [{ name: "default", internal: true }] }],
  ])("that of services %s leads nowhere", (_whose, stack) => {
    const plan = deploy(peered(1, { stack }), null, nothing, { whole: new Set(), images });
    expect(networks(plan).find(({ name }) => name === network)?.network.internal).toBe(true);
  });

  test("a push leaves both in it", () => {
    const state = serving(peered(1));
    const plan = deploy(peered(2), peered(1), state, { whole: new Set([...whole, desk.name]), images });
    expectOrdered(plan);
    expect(joins(plan)).toEqual([]);
    expect(plan.steps.filter((step) => step.kind === "leave").map((step) => step.network)).not.toContain(network);
    expect(plan.steps.map(({ id }) => id)).not.toContain(`remove-network:${network}`);
  });

  test("who serves alone joins it when a push brings the other, before that is started", () => {
    const state = running(shop(1), volume);
    const plan = deploy(peered(2), shop(1), state, { images });
    expectOrdered(plan);
    expect(after(plan, `join:db:${network}`)).toEqual(["await:db", `create-network:${network}`]);
    expect(after(plan, "start:clerk")).toContain(`join:db:${network}`);
    expect(places(plan)["clerk"]).toContain(network);
  });

  test("one with other data comes in when the one before it is gone: until then its name leads to the other", () => {
    const state = serving(peered(1));
    const kept = new Set([...whole, desk.name]);
    const other = { ...images, db: { ...shopImages["db"]!, id: "sha256:db18" } };
    const plan = deploy(peered(2), peered(1), state, { whole: kept, images: other });
    expectOrdered(plan);
    expect(places(plan)["db"]).toEqual([`${project}_g2_default`]);
    expect(joins(plan).map(({ id }) => id)).toEqual([`late-join:db:${network}`]);
    const old = state.containers.find((each) => each.service === "db");
    expect(after(plan, `late-join:db:${network}`)).toEqual([`remove:${old?.name}`]);
  });

  const clerks = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      service(`clerk${n}`, { kept: true, dependsOn: [{ service: "db", condition: "healthy", required: true }] }),
    );
  const grown = (generation: number) => {
    const stack = peered(generation);
    return { ...stack, services: [...stack.services, ...clerks(12)] };
  };
  const many = { ...images, ...Object.fromEntries(clerks(12).map(({ name }) => [name, images.clerk])) };
  const sealed = (generation: number) =>
    peered(generation, { stack: { networks: [{ name: "default", internal: true }] } });
  const remade: [string, StackSpec, { internal: boolean; addresses: number }][] = [
    ["a push that takes the way out", sealed(2), { internal: true, addresses: 3 }],
    ["a push with more than it has room for", grown(2), { internal: false, addresses: 15 }],
  ];

  test.each(remade)("after %s it is made again once what served is gone", (_push, candidate, fit) => {
    const state = serving(peered(1));
    const plan = deploy(candidate, peered(1), state, { whole: new Set([...whole, desk.name]), images: many });
    expectOrdered(plan);
    const [old] = state.containers.filter((each) => each.service === "db");
    expect(after(plan, `leave:${old?.name}:${network}`)).toContain("drain");
    expect(after(plan, `remove-network:${network}`)).toContain(`leave:${old?.name}:${network}`);
    expect(after(plan, `create-network:${network}`)).toEqual([`remove-network:${network}`]);
    const [made] = networks(plan).filter(({ name }) => name === network);
    expect(made).toMatchObject({ generation: 0, network: { internal: fit.internal }, addresses: fit.addresses });
    const kept = candidate.services.filter((each) => each.kept).map(({ name }) => `late-join:${name}:${network}`);
    expect(joins(plan).map(({ id }) => id)).toEqual(kept);
    for (const id of kept) expect(after(plan, id)).toContain(`create-network:${network}`);
    expect(Object.values(places(plan)).flat(), "nobody new comes into the old one").not.toContain(network);
  });

  test("one that is begun to be made again is so at the next look, and one that fits is left alone", () => {
    const look = (stack: StackSpec) =>
      planSettle({
        serving: { ...stack, resolved: { images, volumes: { pgdata: volume.name, desk: desk.name }, secrets: {} } },
        state: serving(stack),
        images,
        whole: new Set([...whole, desk.name]),
        nonce: "n0nc",
      });
    const plan = look(sealed(1));
    expectOrdered(plan);
    expect(after(plan, `create-network:${network}`)).toEqual([`remove-network:${network}`]);
    expect(joins(plan)).toHaveLength(2);
    expect(look(peered(1)).steps).toEqual([]);
  });

  test("it goes with the last who needs it", () => {
    const state = serving(peered(1));
    const plan = deploy(shop(2), peered(1), state, { images });
    expectOrdered(plan);
    const gone = state.containers.find((each) => each.service === "clerk");
    expect(after(plan, `remove-network:${network}`)).toContain(`remove:${gone?.name}`);
  });
});
