import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StackSpec } from "../../src/domain/stack.ts";
import { planDeploy } from "../../src/plan/deploy.ts";
import { policyTable } from "../../src/render/policy/policy-table.ts";
import { preview, readModel, render } from "../render/fixtures.ts";
import { composeProgram } from "../support/compose-oracle.ts";
import { nothing } from "../support/stack.ts";
import { accepted, differences, inspectionOf, type Inspection } from "./alike.ts";
import { createWorld, type World } from "./world.ts";

const text = readFileSync(new URL("every-honored-key.yaml", import.meta.url), "utf8");

const files = {
  "compose.yaml": text,
  Dockerfile: "FROM node:24\n",
  ".mayfly.yaml": "routes: { limited: 3000 }",
};

/** Honored keys whose work is shown elsewhere: they end in no field that both makers have. */
const elsewhere: [RegExp, string][] = [
  [/^(include|services\.\*\.(extends|label_file))\b/, "gone once the file is read (oracle.test.ts)"],
  [/^services\.\*\.build\./, "builds, by what comes of them (build.test.ts)"],
  [/^(services\.\*\.)?(secrets|configs)\b/, "files of ours in place of binds (files.test.ts, secrets.test.ts)"],
  [/^services\.\*\.volumes\.\*\.bind\./, "files of the repository (files.test.ts)"],
  [/^services\.\*\.volumes\.\*\.volume\.subpath$/, "Compose makes no folder in a new volume (steps.test.ts)"],
];

let world: World;
let theirs: Inspection;
let ours: Inspection;
beforeAll(async () => {
  world = await createWorld();
  theirs = await madeByCompose();
  ours = await madeByUs();
});
afterAll(async () => {
  await world.sweep();
  await world[Symbol.asyncDispose]();
});

const run = promisify(execFile);

/** What `docker compose up` makes of the file, short of starting it. */
async function madeByCompose(): Promise<Inspection> {
  const project = `${world.project}-theirs`;
  const folder = mkdtempSync(join(tmpdir(), "mayfly-as-compose-"));
  const compose = async (...args: string[]) =>
    run(await composeProgram(), ["-p", project, "-f", join(folder, "compose.yaml"), ...args]);
  // What Compose builds would be tagged as the user says, and a container's name is the whole engine's.
  writeFileSync(
    join(folder, "compose.yaml"),
    text.replace("    build: { context: . }\n", "").replace("known-as", `${project}-known-as`),
  );
  try {
    await compose("up", "--no-start", "--pull", "never");
    return await inspectionOf(world.docker, project);
  } finally {
    await compose("down", "--volumes");
    rmSync(folder, { recursive: true });
  }
}

async function madeByUs(): Promise<Inspection> {
  const stack = rendered();
  const image = { id: world.images.node, ports: [], volumes: [] };
  const images = Object.fromEntries(stack.services.map(({ name }) => [name, image]));
  const { steps } = planDeploy({
    candidate: stack,
    serving: null,
    state: nothing,
    images,
    whole: new Set(),
    nonce: "n0nc",
    drainMs: 0,
  });
  const making = steps.filter(({ kind }) => ["create-network", "create-volume", "create", "join"].includes(kind));
  for (const step of making) await world.run(step);
  return await inspectionOf(world.docker, world.project);
}

function rendered(): StackSpec {
  const limits = { cpus: 2, memoryBytes: 4 * 1024 ** 3, pids: 4096, services: 30 };
  const { stack, findings } = render(files, { limits, preview: { ...preview, project: world.project } });
  if (!stack) throw new Error(JSON.stringify(findings));
  return stack;
}

test("every honored key is in the file that both make containers of", () => {
  const model = readModel(files);
  const honored = Object.entries(policyTable).flatMap(([path, row]) => (row.action === "honor" ? [path] : []));
  expect(honored.length).toBeGreaterThan(80);
  const missing = honored.filter((path) => !has(model, path.split(".")));
  expect(missing.filter((path) => !elsewhere.some(([pattern]) => pattern.test(path)))).toEqual([]);
});

test("what is made of them is what Compose makes, but for what is accepted with a reason", () => {
  expect(Object.keys(ours.made)).toEqual(Object.keys(theirs.made));
  expect(Object.keys(theirs.made).length).toBeGreaterThan(15);
  const found = differences(theirs, ours);
  expect(found.filter((difference) => !accepted.some((each) => each.accepts(difference)))).toEqual([]);
  const unused = accepted.filter((each) => !found.some((difference) => each.accepts(difference)));
  expect(
    unused.map(({ reason }) => reason),
    "accepted differences that are none any more",
  ).toEqual([]);
});

function has(value: unknown, [key, ...rest]: string[]): boolean {
  if (key === undefined) return value !== undefined;
  if (typeof value !== "object" || value === null) return false;
  return key === "*"
    ? Object.values(value).some((each) => has(each, rest))
    : has((value as Record<string, unknown>)[key], rest);
}
