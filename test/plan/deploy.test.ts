import { describe, expect, test } from "vitest";
import { planSettle } from "../../src/plan/deploy.ts";
import { planTeardown } from "../../src/plan/removal.ts";
import { images, nothing, running, service, shop, sqlFiles } from "../support/stack.ts";
import { after, deploy, expectOrdered, lines, volume, whole } from "./world.ts";

describe("a deployment", () => {
  test("the first one makes networks, data and services, and serves when the main page answers", () => {
    const seeds = [{ service: "db", volume: "pgdata", parts: sqlFiles("db/seed.sql") }];
    const plan = deploy(shop(1, { seeds }), null, nothing, { whole: new Set() });
    expectOrdered(plan);
    expect(lines(plan)).toEqual([
      "create network default g1 new generation",
      "create volume pgdata no data yet",
      "create db no such data yet",
      "start db nothing to wait for",
      "await db until it is ready",
      "seed db new data, from db/seed.sql",
      "complete volume shop-pr-42-ab12_pgdata_n0nc its data is whole",
      "create web new generation",
      "start web after db",
      "await web until it is ready",
      "probe web:3000/ the main route, before anyone sees it",
      "swap shop-pr-42 first to serve",
    ]);
    expect(after(plan, "start:web")).toEqual(expect.arrayContaining(["create:web", "await:db", "complete:pgdata"]));
    expect(after(plan, "probe")).toEqual(["await:db", "complete:pgdata", "await:web"]);
  });

  test("data that is seeded in its place gets files before its service starts, and programs an address of their own", () => {
    const parts = [
      { kind: "folder" as const, path: "base" },
      ...sqlFiles("db/seed.sql"),
      { kind: "run" as const, service: "web", command: ["npm", "run", "seed"] },
    ];
    const plan = deploy(shop(1, { seeds: [{ service: "db", volume: "pgdata", parts }] }), null, nothing, {
      whole: new Set(),
    });
    expectOrdered(plan);
    expect(lines(plan).slice(2, 8)).toEqual([
      "create db no such data yet",
      "seed db new data, from base/",
      "start db nothing to wait for",
      "await db until it is ready",
      "seed db new data, from db/seed.sql, a program of web",
      "complete volume shop-pr-42-ab12_pgdata_n0nc its data is whole",
    ]);
    expect(after(plan, "start:db")).toContain("lay:pgdata");
    expect(after(plan, "lay:pgdata")).toEqual(["create:db"]);
    expect(plan.steps.find(({ id }) => id === "seed:pgdata")).toMatchObject({
      programs: { web: { name: "shop-pr-42-ab12-db-seed-web-g1", attachments: [{ aliases: [], index: 2 }] } },
    });
    expect(plan.steps.filter(({ kind }) => kind === "create-network")).toMatchObject([{ addresses: 3 }]);
  });

  test("a push keeps the database, joins it to the new networks, and removes the old web after the drain", () => {
    const plan = deploy(shop(2), shop(1), running(shop(1), volume));
    expectOrdered(plan);
    expect(lines(plan)).toEqual([
      "keep volume pgdata its data stays",
      "create network default g2 new generation",
      "await db until it is ready",
      "join db unchanged; joins the new generation",
      "create web new generation",
      "start web after db",
      "await web until it is ready",
      "probe web:3000/ the main route, before anyone sees it",
      "swap shop-pr-42 g1 → g2",
      "drain g1 30 s at most",
      "remove shop-pr-42-ab12-web-g1 replaced",
      `leave db replaced`,
      "remove network shop-pr-42-ab12_g1_default replaced",
    ]);
    expect(after(plan, "remove:shop-pr-42-ab12-web-g1")).toEqual(["drain"]);
    expect(after(plan, "remove-network:shop-pr-42-ab12_g1_default")).toEqual(
      expect.arrayContaining(["remove:shop-pr-42-ab12-web-g1", expect.stringContaining("leave:shop-pr-42-ab12-db")]),
    );
  });

  test("the database leaves the old network only when nobody is left in it who may still need it", () => {
    const plan = deploy(shop(2), shop(1), running(shop(1), volume));
    const leave = plan.steps.find((step) => step.kind === "leave");
    expect(leave?.after).toContain("remove:shop-pr-42-ab12-web-g1");
  });

  test("until the swap nothing of the serving stack is stopped, left or removed", () => {
    const plan = deploy(shop(2), shop(1), running(shop(1), volume));
    const touching = plan.steps.filter((step) =>
      ["stop", "remove", "leave", "remove-network", "remove-volume"].includes(step.kind),
    );
    expect(touching.length).toBeGreaterThan(0);
    for (const step of touching) expect(step.after).toContain("drain");
  });

  test("run again after a kill, it goes on with what is there", () => {
    const state = running(shop(2), volume);
    const plan = deploy(shop(2), null, state);
    expect(lines(plan)).toEqual([
      "keep volume pgdata its data stays",
      "keep db unchanged",
      "keep web unchanged",
      "await db until it is ready",
      "await web until it is ready",
      "probe web:3000/ the main route, before anyone sees it",
      "swap shop-pr-42 first to serve",
    ]);
  });

  test("a container that was made but never started is not trusted", () => {
    const state = running(shop(2), volume);
    const [db, web] = state.containers;
    const plan = deploy(shop(2), null, { ...state, containers: [db!, { ...web!, state: "created" }] });
    expect(lines(plan)).toContain("create web new generation");
  });

  test("a half-seeded volume is not taken for a whole one, and goes", () => {
    const state = running(shop(1), volume);
    const plan = deploy(shop(2), null, state, { whole: new Set() });
    expect(lines(plan)).toEqual(
      expect.arrayContaining([
        "create volume pgdata its data was never whole",
        "create db no such data yet",
        `remove volume ${volume.name} left by an earlier attempt`,
      ]),
    );
  });

  test("a reset starts fresh data beside the old, which goes after the drain", () => {
    const plan = deploy(shop(2, { dataEpoch: 1 }), shop(1), running(shop(1), volume));
    expectOrdered(plan);
    expect(lines(plan)).toEqual(
      expect.arrayContaining(["create volume pgdata another image, or a reset", "create db no such data yet"]),
    );
    expect(plan.steps.some((step) => step.kind === "stop")).toBe(false);
    expect(after(plan, `remove-volume:${volume.name}`)).toEqual(
      expect.arrayContaining(["drain", expect.stringContaining("remove:shop-pr-42-ab12-db")]),
    );
  });

  test("another database image is other data: the new one starts beside the old", () => {
    const newer = { ...images, db: { ...images["db"]!, id: "sha256:db16" } };
    const plan = deploy(shop(2), shop(1), running(shop(1), volume), { images: newer });
    expect(lines(plan)).toEqual(expect.arrayContaining(["create volume pgdata another image, or a reset"]));
    expect(plan.steps.some((step) => step.kind === "stop")).toBe(false);
  });

  test("changed options on the same data stop the old database first, and its replacement serves both generations", () => {
    const candidate = shop(2);
    candidate.services[0] = { ...candidate.services[0]!, command: ["postgres", "-c", "work_mem=8MB"] };
    const plan = deploy(candidate, shop(1), running(shop(1), volume));
    expectOrdered(plan);
    expect(after(plan, "start:db")).toContain("stop:db");
    const joined = plan.steps.flatMap((step) => (step.kind === "join" ? [step.attachment.network] : []));
    expect(joined).toEqual(["shop-pr-42-ab12_g1_default"]);
  });

  test("what an overtaken attempt left is removed first, while the serving stack stays", () => {
    const state = running(shop(1), volume);
    const left = running(shop(2), volume);
    const both = {
      ...state,
      containers: [...state.containers, left.containers[1]!],
      networks: [...state.networks, left.networks[0]!],
    };
    const plan = deploy(shop(3), shop(1), both);
    expect(after(plan, "remove:shop-pr-42-ab12-web-g2")).toEqual([]);
    expect(after(plan, "remove:shop-pr-42-ab12-web-g1")).toEqual(["drain"]);
  });

  test("a job is awaited until it completed, and who depends on it waits", () => {
    const candidate = shop(1);
    candidate.services.push(
      service("migrate", {
        job: true,
        restart: "no",
        dependsOn: [{ service: "db", condition: "healthy", required: true }],
      }),
    );
    candidate.services[1]!.dependsOn.push({ service: "migrate", condition: "completed", required: true });
    const plan = deploy(candidate, null, nothing, {
      whole: new Set(),
      images: { ...images, migrate: { id: "m", ports: [], volumes: [] } },
    });
    expectOrdered(plan);
    expect(plan.steps.find((step) => step.id === "await:migrate")).toMatchObject({
      readiness: { condition: "completed", ports: [] },
    });
    expect(after(plan, "start:web")).toContain("await:migrate");
  });
});

describe("settling", () => {
  test("a whole serving stack needs nothing", () => {
    const plan = planSettle({ serving: shop(1), state: running(shop(1), volume), images, whole, nonce: "n" });
    expect(plan.steps).toEqual([]);
  });

  test("a killed database is started again, not made anew", () => {
    const state = running(shop(1), volume);
    const killed = { ...state.containers[0]!, state: "exited" as const, exitCode: 137, ranMs: 100 };
    const plan = planSettle({
      serving: shop(1),
      state: { ...state, containers: [killed, state.containers[1]!] },
      images,
      whole,
      nonce: "n",
    });
    expect(lines(plan)).toEqual([
      "keep volume pgdata its data stays",
      "keep web unchanged",
      "start db it had ended with code 137",
      "await db until it is ready",
    ]);
  });

  test("a failed attempt's candidate goes and the database leaves its networks", () => {
    const state = running(shop(1), volume);
    const failed = running(shop(2), volume);
    const db = {
      ...state.containers[0]!,
      addresses: { ...state.containers[0]!.addresses, ...failed.containers[0]!.addresses },
    };
    const both = {
      containers: [db, state.containers[1]!, failed.containers[1]!],
      networks: [...state.networks, failed.networks[0]!],
      volumes: state.volumes,
    };
    const plan = planSettle({ serving: shop(1), state: both, images, whole, nonce: "n" });
    expect(plan.steps.map((step) => step.id)).toEqual([
      "remove:shop-pr-42-ab12-web-g2",
      `leave:${db.name}:shop-pr-42-ab12_g2_default`,
      "remove-network:shop-pr-42-ab12_g2_default",
    ]);
  });

  test("data is not removed because an image is missing", () => {
    const plan = planSettle({ serving: shop(1), state: running(shop(1), volume), images: {}, whole, nonce: "n" });
    expect(plan.steps).toEqual([]);
  });

  test("with nothing serving, everything goes", () => {
    const plan = planSettle({ serving: null, state: running(shop(1), volume), images, whole, nonce: "n" });
    expect(plan.steps.map((step) => step.kind)).toEqual(["remove", "remove", "remove-network", "remove-volume"]);
  });
});

test("a teardown removes containers before the networks and volumes they hold", () => {
  const plan = planTeardown(running(shop(1), volume), "merged");
  expectOrdered(plan);
  expect(after(plan, `remove-volume:${volume.name}`)).toHaveLength(1);
  expect(after(plan, "remove-network:shop-pr-42-ab12_g1_default")).toHaveLength(2);
});
