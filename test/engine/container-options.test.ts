import { describe, expect, test } from "vitest";
import type { ServiceSpec } from "../../src/domain/service.ts";
import { containerOptions } from "../../src/engine/container-options.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { service } from "../support/stack.ts";

const owner = { server: "s1", preview: "7-42", project: "shop-pr-42-s1", addresses: { g1: "10.213.0.3" } };

function plan(more: Partial<ServiceSpec> = {}, rest: Partial<ContainerPlan> = {}): ContainerPlan {
  return {
    name: "shop-web-g1",
    service: service("web", more),
    specHash: "abc",
    imageId: "sha256:web",
    generation: 3,
    attachments: [{ network: "g1", aliases: ["shop", "web"], index: 1 }],
    volumes: { data: "shop_data_1" },
    ...rest,
  };
}

const options = (more: Partial<ServiceSpec> = {}, rest: Partial<ContainerPlan> = {}) =>
  containerOptions(plan(more, rest), owner);

describe("the engine's create payload", () => {
  test("tells whose container it is, to us and to Compose's tools", () => {
    expect(options().Labels).toEqual({
      "dev.mayfly.server": "s1",
      "dev.mayfly.preview": "7-42",
      "dev.mayfly.kind": "service",
      "dev.mayfly.generation": "3",
      "dev.mayfly.service": "web",
      "dev.mayfly.spec-hash": "abc",
      "dev.mayfly.restart": "unless-stopped",
      "com.docker.compose.project": "shop-pr-42-s1",
      "com.docker.compose.service": "web",
      "com.docker.compose.container-number": "1",
      "com.docker.compose.oneoff": "False",
      "com.docker.compose.config-hash": "abc",
      "com.docker.compose.project.config_files": "compose.yaml",
    });
  });

  test("limits hold, swap is no way around memory, and logs cannot fill the disk", () => {
    expect(options({ limits: { cpus: 0.5, memoryBytes: 1024, pids: 7 }, capDrop: ["ALL"] }).HostConfig).toMatchObject({
      Memory: 1024,
      MemorySwap: 1024,
      NanoCpus: 5e8,
      PidsLimit: 7,
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      SecurityOpt: ["no-new-privileges"],
      CapDrop: ["ALL"],
    });
  });

  test("nothing is published on the host and no host path is mounted", () => {
    const made = options({
      mounts: [
        { kind: "volume", volume: "data", target: "/data", readOnly: true },
        { kind: "anonymous", target: "/scratch" },
        { kind: "tmpfs", target: "/run", sizeBytes: 1024 },
        { kind: "tmpfs", target: "/tmp", sizeBytes: null },
      ],
    });
    expect(made.HostConfig).not.toHaveProperty("PortBindings");
    expect(made.HostConfig).not.toHaveProperty("Binds");
    expect(made.HostConfig?.Tmpfs).toEqual({ "/run": "size=1024", "/tmp": "" });
    expect(made.HostConfig?.Mounts).toMatchObject([
      { Type: "volume", Source: "shop_data_1", Target: "/data", ReadOnly: true, VolumeOptions: { NoCopy: false } },
      { Type: "volume", Target: "/scratch", VolumeOptions: { Labels: { "dev.mayfly.server": "s1" } } },
    ]);
  });

  test("it lives on its first network, answers to its name there, and has its fixed address", () => {
    const made = options(
      {},
      {
        attachments: [
          { network: "g1", aliases: ["shop", "web"], index: 1 },
          { network: "g1b", aliases: [], index: null },
        ],
      },
    );
    expect(made.HostConfig?.NetworkMode).toBe("g1");
    expect(made.NetworkingConfig?.EndpointsConfig).toEqual({
      g1: { Aliases: ["web", "shop"], IPAMConfig: { IPv4Address: "10.213.0.3" } },
      g1b: { Aliases: ["web"] },
    });
  });

  test("without a network it has none, not the engine's own bridge", () => {
    expect(options({}, { attachments: [] }).HostConfig?.NetworkMode).toBe("none");
  });

  test.each([
    ["no", "no"],
    ["always", "unless-stopped"],
    ["on-failure", "on-failure"],
    ["unless-stopped", "unless-stopped"],
  ] as const)("restart: %s becomes %s", (restart, name) => {
    expect(options({ restart }).HostConfig?.RestartPolicy).toEqual({ Name: name });
  });

  test("a health check is told in nanoseconds, and `none` turns the image's off", () => {
    const healthcheck = {
      test: ["CMD", "true"],
      intervalMs: 1500,
      timeoutMs: 1000,
      retries: 3,
      startPeriodMs: 0,
      startIntervalMs: 100,
    };
    expect(options({ healthcheck }).Healthcheck).toEqual({
      Test: ["CMD", "true"],
      Interval: 1.5e9,
      Timeout: 1e9,
      Retries: 3,
      StartPeriod: 0,
      StartInterval: 1e8,
    });
    expect(options({ healthcheck: "none" }).Healthcheck).toEqual({ Test: ["NONE"] });
  });

  test("what the stack leaves out is left to the image", () => {
    const made = options();
    for (const key of [
      "Cmd",
      "Entrypoint",
      "User",
      "WorkingDir",
      "Hostname",
      "StopSignal",
      "StopTimeout",
      "Healthcheck",
    ]) {
      expect(made).not.toHaveProperty(key);
    }
  });

  test("what the stack says is passed on", () => {
    expect(
      options({
        command: ["a", "b c"],
        entrypoint: [],
        environment: { A: "1", B: "x=y" },
        user: "1000",
        workingDir: "/app",
        hostname: "box",
        stopSignal: "SIGINT",
        stopGraceMs: 1500,
        tty: true,
        stdinOpen: true,
      }),
    ).toMatchObject({
      Cmd: ["a", "b c"],
      Entrypoint: [],
      Env: ["A=1", "B=x=y"],
      User: "1000",
      WorkingDir: "/app",
      Hostname: "box",
      StopSignal: "SIGINT",
      StopTimeout: 2,
      Tty: true,
      OpenStdin: true,
    });
  });
});
