import { describe, expect, test } from "vitest";
import { dataKey } from "../../src/domain/naming.ts";
import type { ContainerState, StackState } from "../../src/domain/stack-state.ts";
import { planDeploy, planSettle, planWake } from "../../src/plan/deploy.ts";
import { endedTogether, planSleep, planThaw } from "../../src/plan/sleep.ts";
import type { Plan } from "../../src/plan/step.ts";
import { images, running, service, shop } from "../support/stack.ts";

const volume = { name: "shop-pr-42-ab12_pgdata_0001", dataKey: dataKey("pgdata", "sha256:db", "0") };
const whole = new Set([volume.name]);
/** web needs db; `job` completed before, `worker` never ends but looks like a job. */
const stack = shop(1, {
  services: [
    ...shop(1).services,
    service("job", { job: true, restart: "no" }),
    service("worker", { job: true, restart: "no" }),
  ],
});
const allImages = { ...images, job: images["web"]!, worker: images["web"]! };
const since = 1000;
const slept = { since, until: 2000 };

/** What is there, each service in the state that is said; `job` completed long before the sleep. */
function states(now: Partial<Record<string, ContainerState>>): StackState {
  const state = running(stack, volume);
  return {
    ...state,
    containers: state.containers.map((each) => {
      const said = now[each.service] ?? (each.service === "job" ? "exited" : "running");
      const ended =
        said === "exited" ? { exitCode: 0, ranMs: 60_000, endedAt: each.service === "job" ? 500 : 1500 } : {};
      return { ...each, state: said, ...ended };
    }),
  };
}
const all = (state: ContainerState) => states({ db: state, web: state, worker: state });
const lines = (plan: Plan) =>
  plan.steps.map((step) => `${step.id} after ${step.after.join(" ")}`.replace(/ after $/, ""));
const known = { images: allImages, whole, nonce: "n0nc", secrets: {} };

describe("falling asleep", () => {
  test.each([
    [
      "frozen pauses all that runs, once requests wait",
      "frozen" as const,
      all("running"),
      ["lull", "pause:db after lull", "pause:web after lull", "pause:worker after lull"],
    ],
    [
      "stopped ends those first that need others",
      "stopped" as const,
      all("running"),
      ["lull", "stop:db after lull stop:web", "stop:web after lull", "stop:worker after lull"],
    ],
    [
      "stopped ends what stands still",
      "stopped" as const,
      all("paused"),
      ["lull", "stop:db after lull stop:web", "stop:web after lull", "stop:worker after lull"],
    ],
    [
      "what an engine restart brought back is paused again, the rest left",
      "frozen" as const,
      states({ db: "exited", web: "running", worker: "paused" }),
      ["lull", "pause:web after lull"],
    ],
    [
      "what is being restarted cannot be paused: it is stopped",
      "frozen" as const,
      states({ db: "paused", web: "restarting", worker: "paused" }),
      ["lull", "stop:web after lull"],
    ],
    ["asleep already, nothing is done", "frozen" as const, all("paused"), []],
    ["stopped already, nothing is done", "stopped" as const, all("exited"), []],
    ["deeper asleep than wished is left so", "frozen" as const, all("exited"), []],
  ])("%s", (_what, level, state, expected) => {
    expect(lines(planSleep(stack, state, level))).toEqual(expected);
  });

  test("only what belongs to what serves", () => {
    const state = all("running");
    const stranger = { ...state.containers[0]!, name: "candidate", generation: 2, addresses: {} };
    const plan = planSleep(stack, { ...state, containers: [...state.containers, stranger] }, "frozen");
    expect(plan.steps.map((step) => ("container" in step ? step.container : ""))).not.toContain("candidate");
  });

  test("nothing that sleeps is started, and what is left of an attempt goes, but no volume", () => {
    const state = all("exited");
    const left = { ...state.containers[1]!, name: "left", generation: 2, addresses: {} };
    const files = { name: "files", volume: "", dataKey: "", createdAt: 0 };
    const plan = planSettle({
      ...known,
      serving: stack,
      level: "stopped",
      state: { ...state, containers: [...state.containers, left], volumes: [...state.volumes, files] },
    });
    expect(lines(plan)).toEqual(["remove:left"]);
  });
});

describe("waking", () => {
  test("from frozen takes one call a container, and nobody waits for anybody", () => {
    expect(lines(planThaw(stack, all("paused"), slept)!)).toEqual([
      "unpause:db",
      "unpause:web",
      "listen:web after unpause:web",
      "unpause:worker",
    ]);
  });

  test.each([
    ["something is stopped", states({ db: "exited", web: "paused", worker: "paused" })],
    ["something was removed", { ...all("paused"), containers: all("paused").containers.slice(1) }],
    ["all of it runs", all("running")],
    ["a job was ended by the sleep", states({ db: "paused", web: "paused", worker: "exited" })],
  ])("the short way is not for when %s", (_what, state) => {
    expect(planThaw(stack, state, slept)).toBeNull();
  });

  test("from stopped starts in order, each ready before those that need it; jobs that completed are not run again", () => {
    const plan = planWake({ ...known, serving: stack, state: all("exited"), slept });
    expect(lines(plan)).toEqual([
      "start:db",
      "listen:db after start:db",
      "await:db after start:db",
      "start:web after await:db",
      "await:web after start:web",
      "start:worker after start:db listen:db",
      "await:worker after start:worker",
      "probe after await:db await:web await:worker",
    ]);
  });

  test("what was removed meanwhile is made again, on its data", () => {
    const state = all("exited");
    const plan = planWake({ ...known, serving: stack, state: { ...state, containers: [] }, slept });
    expect(plan.steps.filter((step) => step.kind === "create-volume")).toEqual([]);
    const made = plan.steps.filter((step) => step.kind === "create");
    expect(made.map((step) => step.container.service.name)).toContain("db");
    expect(made[0]?.container.volumes).toEqual({ pgdata: volume.name });
  });

  test("what ended by itself after it was awake is no part of the sleep", () => {
    const state = all("running");
    const ended = { state: "exited" as const, exitCode: 0, ranMs: 500, endedAt: 90_000 };
    const containers = state.containers.map((each) => (each.service === "worker" ? { ...each, ...ended } : each));
    expect(planWake({ ...known, serving: stack, state: { ...state, containers }, slept }).steps).toEqual([]);
  });
});

test("a push to what sleeps wakes the database that it goes on with, and nothing else of what served", () => {
  for (const [state, verb] of [
    [all("paused"), "unpause"],
    [all("exited"), "start"],
  ] as const) {
    const plan = planDeploy({ ...known, candidate: shop(2), serving: stack, state, drainMs: 30_000 });
    const touched = plan.steps.filter((step) => step.kind === "unpause" || step.kind === "start");
    expect(touched.map((step) => `${step.kind} ${step.service}`)).toEqual([`${verb} db`, "start web"]);
    expect(plan.steps.find((step) => step.id === "await:db")?.after).toContain(`${verb}:db`);
  }
});

describe("what went down with its engine", () => {
  const ended = (at: Record<string, number | null>) => {
    const state = all("exited");
    return {
      ...state,
      containers: state.containers.map((each) => {
        const endedAt = at[each.service] === undefined ? each.endedAt : (at[each.service] ?? null);
        return endedAt === null ? { ...each, state: "running" as const, endedAt } : { ...each, endedAt };
      }),
    };
  };
  test.each<[string, StackState, number | null]>([
    ["is down since the first of it ended", ended({ db: 90_000, web: 80_000 }), 80_000],
    ["without what had ended long before", ended({ db: 90_000, web: 10_000 }), 90_000],
    ["is not down while anything of it runs", ended({ db: 90_000, web: null }), null],
    ["is not known to be where it is gone", { ...all("exited"), containers: [] }, null],
  ])("%s", (_name, state, expected) => {
    expect(endedTogether(stack, state)).toBe(expected);
  });
});

test("what crashes once it is up is started again, whatever its code: the engine does so only while it starts", () => {
  const state = running(stack, volume);
  const crashed = {
    ...state,
    containers: state.containers.map((each) =>
      each.service === "web"
        ? { ...each, state: "exited" as const, exitCode: 1, ranMs: 2000, endedAt: 5000 }
        : { ...each, ...(each.service === "job" && { state: "exited" as const, exitCode: 0 }) },
    ),
  };
  const always = { ...stack, services: stack.services.map((each) => ({ ...each, restart: "always" as const })) };
  expect(lines(planSettle({ ...known, serving: always, state: crashed })).join("\n")).toContain("start:web");
  const tries = { ...always, services: always.services.map((each) => ({ ...each, restartTries: 3 })) };
  expect(lines(planSettle({ ...known, serving: tries, state: crashed })).join("\n")).not.toContain("start:web");
});
