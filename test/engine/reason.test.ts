import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSuspects } from "../../src/diagnose/suspects.ts";
import type { Failure } from "../../src/domain/errors.ts";
import type { StackSpec } from "../../src/domain/stack.ts";
import { gatherFacts } from "../../src/engine/facts.ts";
import { observe } from "../../src/engine/observe.ts";
import { ownImageName } from "../../src/engine/own-image.ts";
import { socketProgram } from "../../src/engine/socket-program.ts";
import type { ContainerPlan } from "../../src/plan/step.ts";
import { explainFailure } from "../../src/reconcile/explain.ts";
import { failed } from "../diagnose/cases.ts";
import { service, shop } from "../support/stack.ts";
import { failing, type Fixture, healthy, others } from "./failing.ts";
import { createWorld, idle, log, type World } from "./world.ts";

const preview = "7-42";
/** Side by side: what they wait for is time, not the processor. */
const atOnce = 6;

let world: World;
let images: Record<NonNullable<Fixture["image"]>, string>;
const neighbors: ContainerPlan[] = [];

beforeAll(async () => {
  world = await createWorld("10.218.0.0/16");
  await world.run(world.network("default", 64));
  images = await makeImages();
  const db = world.container("db", "", {
    image: { kind: "pull", reference: "postgres:17" },
    command: null,
    environment: { POSTGRES_PASSWORD: "right", POSTGRES_USER: "shop", POSTGRES_DB: "shop" },
  });
  neighbors.push({ ...db, imageId: world.images.postgres }, world.container("cache", idle));
  await Promise.all(neighbors.map(world.up));
  await world.run(world.awaiting(neighbors[0]!, { ports: [5432] }));
});

afterAll(async () => {
  await Promise.all(neighbors.map(world.down));
  await world.run({ kind: "remove-network", name: world.name("default") });
  const made = [images.files, images.bare, images.foreign, ownImageName("sockets", world.server)];
  for (const image of made) await world.docker.getImage(image).remove();
  await world[Symbol.asyncDispose]();
});

test("of failures whose cause is known the right one is named, in all but one at most", async () => {
  const named = await inTurns(failing, async (fixture) => ({
    is: fixture.is,
    suspect: suspectOf(await fail(fixture)),
  }));
  const wrong = named.filter(({ is, suspect }) => suspect !== failing.find((each) => each.is === is)?.suspect);
  expect(failing.length).toBeGreaterThanOrEqual(16);
  expect(wrong).toEqual([]);
});

test("none is named where something else went wrong", async () => {
  const named = await inTurns(others, async (fixture) => {
    const failure = await fail(fixture);
    return { is: fixture.is, failed: failure !== null, suspect: suspectOf(failure) };
  });
  expect(named).toEqual(others.map(({ is }) => ({ is, failed: true, suspect: null })));
});

test("none is named of what is well, whatever is asked about it", async () => {
  const named = await inTurns(healthy, async (fixture) => {
    const plan = planOf(fixture);
    await world.up(plan);
    await world.run(world.awaiting(plan, { ports: [3000], timeoutMs: 30_000 }));
    const container = await look(plan.name);
    await world.down(plan);
    const stack = stackOf(plan);
    const failure = { ...failed, service: plan.service.name };
    const about = { failure, stack, service: plan.service, container, health: null, answer: null, neighbors: [] };
    return { is: fixture.is, listens: container?.listeners?.length !== 0, suspects: findSuspects(about) };
  });
  expect(named).toEqual(healthy.map(({ is }) => ({ is, listens: true, suspects: [] })));
});

test("looking at a container leaves nothing beside it, and one that is gone is no failure of its own", async () => {
  expect(await look("nobody")).toBeNull();
  const filters = { label: [`dev.mayfly.server=${world.server}`, "dev.mayfly.kind=helper"] };
  expect(await world.docker.listContainers({ all: true, filters })).toEqual([]);
});

/** Lets it fail as a deployment would, and answers why it is said to have; null when it did not fail. */
async function fail(fixture: Fixture): Promise<Failure | null> {
  const plan = planOf(fixture);
  const readiness = {
    ports: fixture.isJob ? [] : (fixture.ports ?? [3000]),
    timeoutMs: 6000,
    ...(fixture.isJob && { condition: "completed" as const }),
  };
  try {
    await world.up(plan);
    await world.run(world.awaiting(plan, readiness));
    return null;
  } catch (error) {
    const engine = { observe: () => observe(world.docker, world.server, preview), gatherFacts: lookAt };
    const about = { key: preview, stack: stackOf(plan) };
    const signal = new AbortController().signal;
    return await explainFailure(error, about, { engine: engine as never, log }, signal);
  } finally {
    await world.down(plan);
  }
}

function suspectOf(failure: Failure | null): string | null {
  return failure?.suspects?.[0]?.id ?? null;
}

const lookAt = (which: Parameters<typeof gatherFacts>[1], signal: AbortSignal) => gatherFacts(world, which, signal);
const look = (container: string) => lookAt({ container, preview, generation: 1 }, new AbortController().signal);

function planOf({ is, image = "node", service: more, ports = [3000] }: Fixture): ContainerPlan {
  const name = more.name ?? is.replaceAll(/[^a-z]+/gi, "-");
  return { ...world.container(name, idle, { ports, command: null, ...more }), imageId: images[image] };
}

function stackOf(plan: ContainerPlan): StackSpec {
  const cache = service("cache", { image: { kind: "pull", reference: "redis:8" } });
  const route = { ...shop(1).routes[0]!, service: plan.service.name };
  return shop(1, { services: [neighbors[0]!.service, cache, plan.service], routes: [route] });
}

async function inTurns<T, R>(all: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...all.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Made without a build: files put into a container, which becomes an image. */
async function makeImages(): Promise<typeof images> {
  const { docker, server } = world;
  const idOf = async (name: string) => (await docker.getImage(name).inspect()).Id;
  const stranger = (await docker.version()).Arch === "amd64" ? "arm64" : "amd64";
  const foreign = socketProgram(stranger)!;
  const files = pack();
  files.entry({ name: "fixtures/plain.sh", mode: 0o644 }, "#!/bin/sh\necho hi\n");
  files.entry({ name: "fixtures/windows.sh", mode: 0o755 }, "#!/bin/sh\r\necho hi\r\n");
  files.entry({ name: "fixtures/windows.js", mode: 0o755 }, "#!/usr/bin/env node\r\nconsole.log(1)\r\n");
  files.entry({ name: "fixtures/bare", mode: 0o755 }, "echo hi\n");
  files.entry({ name: "fixtures/foreign", mode: 0o755 }, foreign);
  files.finalize();
  const strange = pack();
  strange.entry({ name: "sockets", mode: 0o755 }, foreign);
  strange.finalize();
  const changes = [`LABEL dev.mayfly.server=${server}`];
  const query = { repo: "mayfly.local/foreign", tag: server, platform: `linux/${stranger}`, changes };
  const output = await docker.importImage(strange as unknown as NodeJS.ReadableStream, query);
  for await (const _progress of output) {
    // It is there when the engine has said all.
  }
  const shells = "rm /bin/cat /bin/bash /bin/dash /bin/sh";
  return {
    node: world.images.node,
    postgres: world.images.postgres,
    python: await idOf("python:3.13"),
    nginx: await idOf("nginx:stable"),
    files: await commit([], await buffer(files), changes),
    bare: await commit(["sh", "-c", shells], null, changes),
    foreign: await idOf(`mayfly.local/foreign:${server}`),
  };
}

async function commit(command: string[], files: Buffer | null, changes: string[]): Promise<string> {
  const container = await world.docker.createContainer({ Image: "node:24", Entrypoint: command, Cmd: [] });
  try {
    if (files) await container.putArchive(files, { path: "/" });
    if (command.length > 0) {
      await container.start();
      await container.wait();
    }
    const whole = [...changes, "ENTRYPOINT []", "CMD []"].join("\n");
    return ((await container.commit({ changes: whole })) as { Id: string }).Id;
  } finally {
    await container.remove({ force: true });
  }
}
