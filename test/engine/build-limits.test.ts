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
  try {
    await world[Symbol.asyncDispose]();
  } finally {
    await elsewhere[Symbol.asyncDispose]();
  }
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

  test("is limited without running again what did not change, and for two builds of the same at once", async () => {
    const first = `FROM node:24\n${fresh()}\nRUN head -c 9 /dev/urandom > /dice\nCOPY page /page\n`;
    const layers = async (page: string) => {
      const build = world.spec();
      expect(await world.finish(build, world.commit({ Dockerfile: first, page }))).toEqual({ state: "built" });
      const { RootFS } = await world.docker.getImage(build.tag).inspect();
      await world.remove(build);
      return RootFS.Layers ?? [];
    };
    const [one, two] = [await layers("one"), await layers("two")];
    expect(two.slice(0, -1)).toEqual(one.slice(0, -1));
    expect(two.at(-1)).not.toBe(one.at(-1));
    const both = [world.spec(), world.spec()];
    const Dockerfile = () => `FROM node:24\n${fresh()}\nRUN sleep 1\n`;
    const ends = both.map((build) => world.finish(build, world.commit({ Dockerfile: Dockerfile() })));
    expect(await Promise.all(ends)).toEqual([{ state: "built" }, { state: "built" }]);
    await Promise.all(both.map((build) => world.remove(build)));
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

  test.each([
    ["", "", ""],
    ["whatever its Dockerfile says", "", "--network=default "],
    ["whichever builder it asks for", "# syntax=docker/dockerfile:1.0\n", ""],
  ])("is nothing for a fork's, which is told so %s", async (_name, first, flag) => {
    const { Dockerfile } = asks(elsewhere.url);
    const files = { Dockerfile: first + Dockerfile.replace("RUN ", `RUN ${flag}`) };
    const request = { ...world.commit(files), trust: "fork" as const };
    expect(await world.finish(world.spec(), request)).toMatchObject({
      failure: {
        code: "build-offline",
        what: expect.stringContaining("a fork's build reaches no network"),
        now: expect.stringContaining("builds.fork_egress"),
        logTail: expect.not.arrayContaining([expect.stringContaining("got elsewhere")]),
      },
    });
  });

  test("is never what the engine itself would fetch, also when an image that it begins with asks for it", async () => {
    const base = world.spec();
    const asking = { Dockerfile: `FROM node:24\n${fresh()}\nONBUILD ADD ${elsewhere.url} /got\n` };
    expect(await world.finish(base, world.commit(asking))).toEqual({ state: "built" });
    const repo = "onbuild.example/asking";
    await world.docker.getImage(base.tag).tag({ repo, tag: world.server });
    const name = `${repo}:${world.server}`;
    for (const [Dockerfile, contexts] of [
      [`FROM ${name}\nRUN cat /got\n`, []],
      [`FROM node:24\nADD ${elsewhere.url} /got\n`, []],
      // Images that Mayfly built for others.
      [`FROM ${base.tag}\n`, []],
      ["FROM other\n", [{ name: "other", kind: "image" as const, reference: base.tag }]],
    ] as const) {
      const build = world.spec({ contexts: [...contexts] });
      expect(await world.finish(build, world.commit({ Dockerfile }))).toMatchObject({
        failure: { code: "build-failed", what: expect.stringContaining("denied by policy") },
      });
    }
    await world.docker.getImage(name).remove();
    await world.remove(base);
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
