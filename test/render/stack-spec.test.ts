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

  test("equal builds are one image, also for a service that names it", () => {
    const { stack } = renderCompose(
      "services:\n  web: { build: ., image: shop, ports: [80] }\n  worker: { image: shop, command: work }\n  cron: { build: { context: . } }\n",
    );
    expect(stack?.builds.map((build) => build.name)).toEqual(["web"]);
    expect(stack?.services.map((service) => service.image)).toEqual(
      Array.from({ length: 3 }, () => ({ kind: "build", build: "web" })),
    );
  });

  test("ports that others are promised are TCP only", () => {
    expect(
      services("  s: { image: x, ports: ['53:53/udp', '9000-9001:9000-9001'], expose: [80, '81/tcp', '82/udp'] }")["s"]
        ?.ports,
    ).toEqual([80, 81, 9000, 9001]);
  });

  test("a variable that is nowhere set is not in the environment", () => {
    expect(services("  s: { image: x, environment: [NOPE, A=1] }")["s"]?.environment).toEqual({ A: "1" });
  });
});
