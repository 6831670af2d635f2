import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { ServiceSpec } from "../../src/domain/service.ts";
import type { Clock } from "../../src/domain/time.ts";
import { connect } from "../../src/engine/docker.ts";
import type { StepScope } from "../../src/engine/step-host.ts";
import { createSteps } from "../../src/engine/steps.ts";
import type { Attachment, ContainerPlan, Readiness, Step } from "../../src/plan/step.ts";
import { nothingLeft } from "../support/nothing-left.ts";
import { service } from "../support/stack.ts";

/** A step without the fields that only the plan's reader needs. */
export type BareStep = Step extends infer Each
  ? Each extends Step
    ? Omit<Each, "id" | "cause" | "after">
    : never
  : never;

export const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal ? { signal } : {});
  },
};

export const log = pino({ level: "silent" });

/** One server of its own on the real engine, with everything of one preview; disposing proves that nothing is left. */
export async function createWorld(pool = "10.217.0.0/16") {
  const docker = connect("unix:///var/run/docker.sock");
  const server = randomBytes(6).toString("hex");
  const project = `test-${server.slice(0, 4)}`;
  const steps = createSteps({ docker, server, pool, egress: "internet", clock, log });
  const [node, postgres] = await Promise.all(["node:24", "postgres:17"].map((name) => docker.getImage(name).inspect()));
  if (!node || !postgres) throw new Error("the base images are missing: run `npm test`, which makes them");

  const scopeOf = (signal: AbortSignal): StepScope => ({
    preview: { key: "7-42", slug: "shop-pr-42" },
    project,
    signal,
  });

  const world = {
    docker,
    server,
    project,
    images: { node: node.Id, postgres: postgres.Id },
    name: (part: string) => `${project}_${part}`,
    run: (step: BareStep, given: AbortSignal | Pick<StepScope, "secrets" | "openSource"> = {}) => {
      const [signal, more] = given instanceof AbortSignal ? [given, {}] : [new AbortController().signal, given];
      return steps.run({ id: step.kind, cause: "test", after: [], ...step }, { ...scopeOf(signal), ...more });
    },

    leaveHome: steps.leaveHome,

    network: (name: string, addresses = 4): BareStep => ({
      kind: "create-network",
      name: world.name(name),
      network: { name, internal: false },
      generation: 1,
      addresses,
    }),

    /** A container of the node image that runs this program, on one network. */
    container: (name: string, program: string, more: Partial<ServiceSpec> = {}): ContainerPlan => ({
      name: world.name(name),
      service: service(name, { command: ["node", "-e", program], restart: "no", ...more }),
      specHash: `hash-of-${name}`,
      imageId: node.Id,
      generation: 1,
      attachments: [world.attachment("default", null)],
      volumes: {},
    }),

    attachment: (network: string, index: number | null, aliases: string[] = []): Attachment => ({
      network: world.name(network),
      aliases,
      index,
    }),

    awaiting: (plan: ContainerPlan, more: Partial<Readiness> = {}): BareStep => ({
      kind: "await",
      readiness: {
        container: plan.name,
        service: plan.service,
        condition: "healthy",
        mayEnd: plan.service.job,
        ports: [],
        network: plan.attachments[0]?.network ?? "",
        timeoutMs: 60_000,
        ...more,
      },
    }),

    async up(plan: ContainerPlan) {
      await world.run({ kind: "create", container: plan });
      await world.run({ kind: "start", container: plan.name, service: plan.service.name });
    },

    /** Starts a service and waits for it; answers the failure, or null when it became ready. */
    async failureOf(plan: ContainerPlan, readiness: Partial<Readiness>): Promise<unknown> {
      await world.up(plan);
      const failure = await world.run(world.awaiting(plan, readiness)).then(
        () => null,
        (error: unknown) => error,
      );
      await world.down(plan);
      return failure;
    },

    down: (plan: ContainerPlan) =>
      world.run({ kind: "remove", container: plan.name, service: plan.service.name, graceMs: 0 }),

    async [Symbol.asyncDispose]() {
      try {
        await steps.leaveHome();
        await nothingLeft(docker, server);
      } finally {
        await world.sweep();
      }
    },

    /** Removes whatever a failed test has left, so that the next one is not told of it. */
    async sweep() {
      const filters = { label: [`dev.mayfly.server=${server}`] };
      for (const { Id } of await docker.listContainers({ all: true, filters })) {
        await docker.getContainer(Id).remove({ force: true, v: true });
      }
      for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
      for (const { Name } of (await docker.listVolumes({ filters })).Volumes) await docker.getVolume(Name).remove();
      for (const { Id } of await docker.listImages({ filters })) await docker.getImage(Id).remove({ force: true });
    },
  };
  return world;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** A server that answers on a port, and listens after `delayMs`; who hangs up before its answer does not end it. */
export function listening(port: number, options: { host?: string; delayMs?: number } = {}): string {
  const { host = "0.0.0.0", delayMs = 0 } = options;
  return `process.on("SIGTERM",()=>process.exit(0));setTimeout(()=>require("net").createServer(s=>s.on("error",()=>{}).end("hi")).listen(${port},"${host}"),${delayMs})`;
}

/** A program that does nothing and ends when asked. */
export const idle = `process.on("SIGTERM",()=>process.exit(0));setInterval(()=>{},1e6)`;
