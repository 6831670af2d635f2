import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findCgroups, groupsBefore } from "../../src/engine/cgroup-tree.ts";
import { startElsewhere } from "../support/elsewhere.ts";
import { createBuildWorld, fresh } from "./build-world.ts";

const mebibyte = 1024 ** 2;
const run = (program: string) => ({ Dockerfile: `FROM node:24\n${fresh()}\nRUN node -e '${program}'\n` });
const greedy = "const kept=[];for(let n=0;n<60;n++)kept.push(Buffer.alloc(2e7,1));console.log(kept.length)";

let world: Awaited<ReturnType<typeof createBuildWorld>>;
let elsewhere: Awaited<ReturnType<typeof startElsewhere>>;
beforeAll(async () => {
  elsewhere = await startElsewhere();
  world = await createBuildWorld({ memoryBytes: 160 * mebibyte });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

describe("a build's memory", () => {
  test("is limited: the step that wants more is killed, and told so with its limit and key", async () => {
    expect(await world.finish(world.spec(), world.commit(run(greedy)))).toMatchObject({
      state: "failed",
      failure: {
        code: "build-out-of-memory",
        what: expect.stringMatching(/^web ran out of memory at step \[2\/2\] RUN node .*: a build may use 160 MiB$/),
        now: expect.stringContaining("builds.memory in server.yaml"),
      },
    });
  });

  test("is limited for all of its steps together, also when a shell goes on after its program was killed", async () => {
    const halves = ["one", "two"].map(
      (name) => `FROM node:24 AS ${name}\n${fresh()}\nRUN node -e '${half}' && touch /${name}\n`,
    );
    const Dockerfile = `${halves.join("")}FROM node:24\nCOPY --from=one /one /\nCOPY --from=two /two /\n`;
    expect(await world.finish(world.spec(), world.commit({ Dockerfile }))).toMatchObject({
      failure: { code: "build-out-of-memory" },
    });
  });

  test("is not what its files take: more of them than its memory is sound", async () => {
    const build = world.spec();
    const files = { Dockerfile: `FROM node:24\n${fresh()}\nRUN head -c 400M /dev/zero > /large && rm /large\n` };
    expect(await world.finish(build, world.commit(files))).toEqual({ state: "built" });
    await world.remove(build);
  });

  test("is not blamed for what fails by itself", async () => {
    expect(await world.finish(world.spec(), world.commit(run("process.exit(3)")))).toMatchObject({
      failure: { code: "build-failed", what: expect.stringContaining("exit code 3") },
    });
  });
});

/** More than half of what a build may use, held for long enough to meet the other half. */
const half = "const kept=Buffer.alloc(8e7,1);setTimeout(()=>console.log(kept.length),5000)";

describe("what a build reaches", () => {
  const asks = (url: string) =>
    run(`fetch("${url}").then((answer) => answer.text()).then((text) => console.log("got " + text))`);

  test("is nothing for a fork's, which is told so", async () => {
    const request = { ...world.commit(asks(elsewhere.url)), trust: "fork" as const };
    expect(await world.finish(world.spec(), request)).toMatchObject({
      failure: {
        code: "build-offline",
        what: expect.stringContaining("a fork's build reaches no network"),
        now: expect.stringContaining("builds.fork_egress"),
        logTail: expect.not.arrayContaining([expect.stringContaining("got elsewhere")]),
      },
    });
  });

  test("is the internet for the team's, and for a fork's where the operator opens it", async () => {
    await using open = await createBuildWorld({ forkEgress: "internet" });
    for (const trust of ["team", "fork"] as const) {
      const build = open.spec();
      expect(await open.finish(build, { ...open.commit(asks(elsewhere.url)), trust })).toEqual({ state: "built" });
      expect(await open.jobs.buildLog(build.tag)).toContainEqual(expect.stringContaining("got elsewhere"));
      await open.remove(build);
    }
  });
});

test("no build leaves its control group behind", async () => {
  const tree = await findCgroups();
  expect(tree).not.toBeNull();
  const left = tree && (await groupsBefore(tree, Number.POSITIVE_INFINITY));
  expect(left?.filter((name) => name.startsWith(world.server))).toEqual([]);
});
