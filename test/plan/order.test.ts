import { describe, expect, test } from "vitest";
import type { ServiceSpec } from "../../src/domain/service.ts";
import type { StackSpec } from "../../src/domain/stack.ts";
import { planSettle } from "../../src/plan/deploy.ts";
import { mayEnd } from "../../src/plan/identity.ts";
import { images, nothing, running, service, shop, sqlFiles } from "../support/stack.ts";
import { after, deploy, expectOrdered, lines, volume, whole } from "./world.ts";

describe("the order in which services start", () => {
  const stack = (dependsOn: ServiceSpec["dependsOn"], more: Partial<StackSpec> = {}) => {
    const candidate = shop(1, more);
    candidate.services[1]!.dependsOn = dependsOn;
    return candidate;
  };
  const first = (candidate: StackSpec) => deploy(candidate, null, nothing, { whole: new Set() });
  const started = { service: "db", condition: "started", required: true } as const;

  test.each([
    ["a dependency in short form", stack([started])],
    ["none that is written down, with a database", stack([])],
  ])("%s waits until it accepts connections, not for its health, and not for ever", (_what, candidate) => {
    const plan = first(candidate);
    expectOrdered(plan);
    expect(after(plan, "start:web")).toEqual(expect.arrayContaining(["start:db", "listen:db"]));
    expect(after(plan, "start:web")).not.toContain("await:db");
    expect(lines(plan)).toContain("listen db until it accepts connections");
    expect(plan.steps.find((step) => step.id === "listen:db")).toMatchObject({
      after: ["start:db"],
      readiness: { ports: [5432], timeoutMs: 60_000 },
    });
  });

  test("seeded data is there before anybody uses it, however the order is written", () => {
    const seeds = [{ service: "db", volume: "pgdata", parts: sqlFiles("seed.sql") }];
    expect(after(first(stack([], { seeds })), "start:web")).toContain("complete:pgdata");
    expect(after(first(stack([started], { seeds })), "start:web")).toContain("complete:pgdata");
  });

  test("what a database itself waits for does not wait for it, nor for another database", () => {
    const candidate = stack([]);
    candidate.services[0]!.dependsOn = [{ service: "web", condition: "started", required: true }];
    candidate.services.push({ ...candidate.services[0]!, name: "cache", dependsOn: [], mounts: [] });
    const plan = deploy(candidate, null, nothing, { whole: new Set(), images: { ...images, cache: images["db"]! } });
    expectOrdered(plan);
    expect(after(plan, "start:web")).toEqual(["create:web"]);
    expect(after(plan, "start:cache")).toEqual(["create:cache"]);
  });

  test("who runs already is not waited for", () => {
    const state = running(stack([]), volume);
    const ended = { ...state.containers[1]!, state: "exited" as const, exitCode: 1, ranMs: 60_000 };
    const plan = planSettle({
      serving: stack([]),
      state: { ...state, containers: [state.containers[0]!, ended] },
      images,
      whole,
      nonce: "n",
    });
    expect(after(plan, "start:web")).toEqual([]);
  });
});

describe("a service that ends with 0", () => {
  const alone = (more: Partial<ServiceSpec>, ports: number[] = []) =>
    mayEnd(service("s", { restart: "no", ...more }), { id: "i", ports, volumes: [] });
  test.each<[string, boolean, boolean]>([
    ["is done, if nothing tells that it stays", alone({}), true],
    ["is done, if it is a job, whatever it says", alone({ job: true, ports: [80] }), true],
    ["has failed, if it restarts", alone({ restart: "unless-stopped" }), false],
    ["has failed, if it promises a port", alone({ ports: [80] }), false],
    ["has failed, if its image exposes one", alone({}, [6379]), false],
    ["has failed, if it keeps data", alone({ kept: true }), false],
    [
      "has failed, if it has a health check",
      alone({
        healthcheck: {
          test: ["CMD", "true"],
          intervalMs: null,
          timeoutMs: null,
          retries: null,
          startPeriodMs: null,
          startIntervalMs: null,
        },
      }),
      false,
    ],
  ])("%s", (_what, ends, expected) => expect(ends).toBe(expected));
});

describe("a service without a network", () => {
  const alone = (generation: number) => {
    const stack = shop(generation);
    stack.services[1] = { ...stack.services[1]!, networks: [], dependsOn: [], ports: [] };
    const state = running(stack, volume);
    return { stack, state: { ...state, containers: state.containers.map((each) => ({ ...each })) } };
  };

  test("is made without one, and belongs to the generation that made it", () => {
    const { stack, state } = alone(1);
    const plan = deploy(stack, null, nothing, { whole: new Set() });
    expect(plan.steps.find((step) => step.id === "create:web")).toMatchObject({ container: { attachments: [] } });
    state.containers[1]!.addresses = { none: "" };
    expect(planSettle({ serving: stack, state, images, whole, nonce: "n" }).steps).toEqual([]);
  });

  test("is made anew by the next, and the old one goes after the drain", () => {
    const old = alone(1);
    old.state.containers[1]!.addresses = { none: "" };
    const plan = deploy(alone(2).stack, old.stack, old.state);
    expect(lines(plan)).toContain("create web new generation");
    expect(after(plan, "remove:shop-pr-42-ab12-web-g1")).toEqual(["drain"]);
  });

  test("of an attempt that failed goes, and what serves stays", () => {
    const serving = alone(1);
    serving.state.containers[1]!.addresses = { none: "" };
    const failed = { ...alone(2).state.containers[1]!, addresses: { none: "" } };
    const state = { ...serving.state, containers: [...serving.state.containers, failed] };
    const plan = planSettle({ serving: serving.stack, state, images, whole, nonce: "n" });
    expect(plan.steps.map((step) => step.id)).toEqual(["remove:shop-pr-42-ab12-web-g2"]);
  });
});
