import { describe, expect, test } from "vitest";
import type { ServiceSpec } from "../../src/domain/service.ts";
import { limits, renderCompose } from "./fixtures.ts";

const mebibyte = 1024 * 1024;

function services(text: string, manifest = "routes: { web: 80 }"): Record<string, ServiceSpec> {
  const { stack } = renderCompose(
    `services:\n  web: { image: x, restart: always }\n${text}\nvolumes: { data: }\nnetworks: { a: , b: }\n`,
    { ".mayfly.yaml": manifest },
  );
  return Object.fromEntries((stack?.services ?? []).map((service) => [service.name, service]));
}

describe("a service is kept", () => {
  test.each([
    ["an image with a named volume", "  s: { image: x, volumes: [data:/d] }", undefined, true],
    ["an image with an anonymous volume", "  s: { image: x, volumes: [/d] }", undefined, true],
    ["an image with a tmpfs", "  s: { image: x, tmpfs: /d }", undefined, false],
    ["a built service with a volume", "  s: { build: ., volumes: [data:/d] }", undefined, false],
    ["a built service named in data", "  s: { build: . }", "routes: { web: 80 }\ndata: { s: {} }", true],
    [
      "an image that another service waits to complete",
      "  s: { image: x, volumes: [data:/d] }\n  t: { image: x, depends_on: { s: { condition: service_completed_successfully } } }",
      undefined,
      false,
    ],
  ])("%s: %s", (_what, text, manifest, kept) => {
    expect(services(text, manifest)["s"]?.kept).toBe(kept);
  });
});

describe("a service is a job", () => {
  const awaited = "\n  t: { image: x, depends_on: { s: { condition: service_completed_successfully } } }";
  const needed = "\n  t: { image: x, depends_on: [s] }";
  test.each([
    ["when its completion is awaited", `  s: { image: x }${awaited}`, true],
    [
      "when its completion is awaited and it restarts on failure",
      `  s: { image: x, restart: on-failure }${awaited}`,
      true,
    ],
    ["but not when it restarts always", `  s: { image: x, restart: always }${awaited}`, false],
    ["when nothing tells that it stays", "  s: { image: x }", true],
    ["with restart no", '  s: { image: x, restart: "no" }', true],
    ["but not when it restarts", "  s: { image: x, restart: unless-stopped }", false],
    ["but not when others need it running", `  s: { image: x }${needed}`, false],
    ["but not when it has ports", "  s: { image: x, ports: [80] }", false],
    ["but not when it exposes ports", "  s: { image: x, expose: [80] }", false],
    ["but not when it has a health check", "  s: { image: x, healthcheck: { test: a } }", false],
    ["but not when it keeps data", "  s: { image: x, volumes: [data:/d] }", false],
  ])("%s: %s", (_what, text, job) => {
    expect(services(text)["s"]?.job).toBe(job);
  });

  test("but not when it has the route", () => {
    expect(
      renderCompose("services: { web: { build: . } }", { ".mayfly.yaml": "routes: { web: 80 }" }).stack?.services[0]
        ?.job,
    ).toBe(false);
  });
});

describe("limits", () => {
  test("are shared equally by what declares nothing, and jobs take as much as one", () => {
    const all = services(
      "  a: { image: x, restart: always }\n  job: { image: x }\n  big: { image: x, restart: always, mem_limit: 1g, pids_limit: 24, cpus: 0.5 }",
    );
    expect(all["web"]?.limits).toEqual({ cpus: 2, memoryBytes: 512 * mebibyte, pids: 500 });
    expect(all["a"]?.limits).toEqual(all["web"]?.limits);
    expect(all["job"]?.limits).toEqual(all["web"]?.limits);
    expect(all["big"]?.limits).toEqual({ cpus: 0.5, memoryBytes: 1024 * mebibyte, pids: 24 });
  });

  test("declared twice are the same, and never above the preview's", () => {
    const all = services(
      "  a: { image: x, restart: always, cpus: 8, mem_limit: 200m, deploy: { resources: { limits: { cpus: 8, memory: 200m } } } }",
    );
    expect(all["a"]?.limits).toMatchObject({ cpus: 2, memoryBytes: 200 * mebibyte });
  });

  test("that together exceed the preview's are cut in proportion", () => {
    const all = services(
      "  a: { image: x, restart: always, mem_limit: 8g }\n  b: { image: x, restart: always, mem_limit: 2g, pids_limit: 0 }",
    );
    const sum = Object.values(all).reduce((total, service) => total + service.limits.memoryBytes, 0);
    expect(sum).toBeLessThanOrEqual(limits.memoryBytes);
    expect(all["web"]?.limits.memoryBytes).toBe(64 * mebibyte);
  });

  test("are never below what lets a service start", () => {
    const many = Array.from({ length: 20 }, (_, index) => `  s${index}: { image: x, restart: always }`).join("\n");
    const { stack } = renderCompose(`services:\n  web: { image: x, ports: [80] }\n${many}`, {});
    expect(stack?.services[0]?.limits).toEqual({ cpus: 2, memoryBytes: 97 * mebibyte, pids: 64 });
  });
});

describe("details", () => {
  test("container names become aliases, and networks are sorted", () => {
    expect(
      services("  s: { image: x, container_name: my-s, networks: { b: { aliases: [z] }, a: } }")["s"]?.networks,
    ).toEqual([
      { network: "a", aliases: ["my-s"] },
      { network: "b", aliases: ["z", "my-s"] },
    ]);
  });

  test("mounts keep their kinds", () => {
    expect(
      services(
        "  s: { image: x, tmpfs: ['/run:size=1m', /x], volumes: ['data:/d:ro', /a, '/etc/timezone:/etc/timezone', { type: tmpfs, target: /t }] }",
      )["s"]?.mounts,
    ).toEqual([
      { kind: "volume", volume: "data", target: "/d", readOnly: true },
      { kind: "anonymous", target: "/a" },
      { kind: "tmpfs", target: "/t", sizeBytes: null },
      { kind: "tmpfs", target: "/run", sizeBytes: mebibyte },
      { kind: "tmpfs", target: "/x", sizeBytes: null },
    ]);
  });

  test.each([
    ["{ disable: true }", "none"],
    ["{ test: [NONE] }", "none"],
    [
      "{ interval: 5s }",
      { test: [], intervalMs: 5000, timeoutMs: null, retries: null, startPeriodMs: null, startIntervalMs: null },
    ],
  ])("the health check %s", (text, health) => {
    expect(services(`  s: { image: x, healthcheck: ${text} }`)["s"]?.healthcheck).toEqual(health);
  });

  test.each([
    ["equal builds", "w: { build: { context: . } }", "web"],
    ["its image", "w: { image: shop }", "web"],
    ["its image in another spelling", "w: { image: 'docker.io/library/shop:latest' }", "web"],
    ["its image's name in Compose", "w: { image: 'acme-worker' }\n  worker: { build: . }", "web"],
    [
      "its image's name by the project",
      "w: { image: '${COMPOSE_PROJECT_NAME}-worker' }\n  worker: { build: . }",
      "web",
    ],
    ["another build under the same image", "w: { build: { context: ., target: b }, image: shop }", "w"],
    [
      "another build whose image it names",
      "w: { image: shop }\n  x: { build: { context: ., target: b }, image: shop }",
      "x",
    ],
  ])("a service with %s runs that build", (_what, text, build) => {
    const { stack } = renderCompose(
      `name: acme\nservices:\n  web: { build: ., image: shop, ports: [80] }\n  ${text}\n`,
    );
    expect(stack?.services.find(({ name }) => name === "w")?.image).toEqual({ kind: "build", build });
    expect(stack?.builds.map(({ name, tag }) => ({ name, tag }))).toEqual(
      [...new Set(["web", build])].map((name) => ({ name, tag: "" })),
    );
  });

  test.each([
    ["another tag", "shop:1"],
    ["a registry's", "ghcr.io/acme/shop"],
    ["somebody else's", "acme/shop"],
  ])("an image with %s name is pulled, whatever is built", (_what, reference) => {
    const { stack } = renderCompose(
      `services:\n  web: { build: ., image: shop, ports: [80] }\n  w: { image: "${reference}" }\n`,
    );
    expect(stack?.services[1]?.image).toMatchObject({ kind: "pull", reference });
  });

  test("ports that others are promised are TCP only", () => {
    expect(
      services("  s: { image: x, ports: ['53:53/udp', '9000-9001:9000-9001'], expose: [80, '81/tcp', '82/udp'] }")["s"]
        ?.ports,
    ).toEqual([80, 81, 9000, 9001]);
  });

  test("what is asked of the engine for few services is left out where nothing is said", () => {
    const { web } = services("");
    expect(
      Object.keys(web ?? {}).filter((key) => ["capAdd", "ulimits", "resolver", "sysctls", "unset"].includes(key)),
    ).toEqual([]);
  });

  test.each<[string, Partial<ServiceSpec>]>([
    ["cap_add: [CAP_CHOWN, SYS_NICE]", { capAdd: ["CHOWN"] }],
    [
      "ulimits: { nofile: -1, nproc: -1, core: -1, rtprio: 9 }",
      {
        ulimits: [
          { name: "nofile", soft: 1_048_576, hard: 1_048_576 },
          { name: "nproc", soft: -1, hard: -1 },
          { name: "core", soft: 0, hard: 0 },
        ],
      },
    ],
    ["sysctls: [net.core.somaxconn=9, kernel.shmmax=1]", { sysctls: { "net.core.somaxconn": "9" } }],
    [
      "extra_hosts: { a: 1.2.3.4, b: host-gateway, c: '::1' }",
      {
        resolver: { hosts: ["a:1.2.3.4", "c:::1"], servers: [], search: [], options: [] },
      },
    ],
    ["restart: on-failure:4", { restart: "on-failure", restartTries: 4 }],
    ["restart: 'no', deploy: { restart_policy: { condition: any } }", { restart: "always" }],
    [
      "deploy: { restart_policy: { max_attempts: 3, condition: on-failure } }",
      { restart: "on-failure", restartTries: 3 },
    ],
    ["network_mode: none", { networks: [] }],
    ["network_mode: bridge", { networks: [{ network: "default", aliases: [] }] }],
    ["oom_score_adj: -5", { oomScoreAdj: 0 }],
    [
      "tmpfs: ['/t:size=1k,dev,mode=700']",
      { mounts: [{ kind: "tmpfs", target: "/t", sizeBytes: 1024, options: ["mode=700"] }] },
    ],
  ])("%s", (text, expected) => {
    expect(services(`  s: { image: x, ${text} }`)["s"]).toMatchObject(expected);
  });

  test("weights and reservations stay within the limits", () => {
    expect(
      services("  s: { image: x, mem_limit: 64m, mem_reservation: 1g, cpu_shares: 9000, cpu_quota: 50000 }")["s"]
        ?.limits,
    ).toMatchObject({
      cpus: 0.5,
      memoryBytes: 64 * mebibyte,
      reservedBytes: 64 * mebibyte,
      cpuShares: 1024,
    });
  });

  test("a link is an alias in the networks that both are in, and the first network is the one of highest priority", () => {
    const all = services(
      "  s: { image: x, networks: { a: , b: { priority: 9 } } }\n  t: { image: x, networks: [a], links: ['s:known'] }",
    );
    expect(all["s"]?.networks).toEqual([
      { network: "b", aliases: [] },
      { network: "a", aliases: ["known"] },
    ]);
    expect(all["t"]?.dependsOn).toEqual([{ service: "s", condition: "started", required: true }]);
  });

  test("a service with no replicas is none, also for who depends on it", () => {
    const all = services("  s: { image: x, scale: 0 }\n  t: { image: x, depends_on: [s] }");
    expect(Object.keys(all)).toEqual(["web", "t"]);
    expect(all["t"]?.dependsOn).toEqual([]);
  });

  test("a variable that is nowhere set is not in the environment", () => {
    expect(services("  s: { image: x, environment: [NOPE, A=1] }")["s"]?.environment).toEqual({ A: "1" });
  });
});
