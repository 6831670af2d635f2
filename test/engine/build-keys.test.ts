import { afterAll, beforeAll, expect, test } from "vitest";
import { createBuildWorld, fresh } from "./build-world.ts";

let world: Awaited<ReturnType<typeof createBuildWorld>>;
beforeAll(async () => {
  world = await createBuildWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

test("a build is made of further contexts: directories without what they ignore, images, and images of its stack", async () => {
  const base = world.spec();
  expect(
    await world.finish(base, world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN echo base > /base\n` })),
  ).toEqual({
    state: "built",
  });
  const Dockerfile = `FROM runtime
${fresh()}
COPY --from=lib . /copied
COPY --from=other /base /base
RUN --mount=from=lib,target=/mounted find /copied /mounted -type f | sort && cat /base && node --version
`;
  const build = world.spec({
    context: "app",
    dockerfile: "app/Dockerfile",
    contexts: [
      { name: "lib", kind: "path", path: "libs/one" },
      { name: "runtime", kind: "image", reference: "node:24" },
      { name: "other", kind: "build", build: "base", tag: base.tag },
    ],
  });
  const files = {
    "app/Dockerfile": Dockerfile,
    "libs/one/a/b.txt": "b",
    "libs/one/secret.txt": "no",
    "libs/one/.dockerignore": "secret.txt\n",
    "libs/two/c.txt": "c",
  };
  expect(await world.finish(build, world.commit(files))).toEqual({ state: "built" });
  const log = (await world.jobs.buildLog(build.tag))?.join("\n") ?? "";
  for (const seen of ["/copied/a/b.txt", "/mounted/a/b.txt", " base", " v24."]) expect(log).toContain(seen);
  for (const unseen of ["/secret.txt", "c.txt"]) expect(log).not.toContain(unseen);
  await world.remove(build);
  await world.remove(base);
});

test("a further context that leads out of the repository is refused", async () => {
  const build = world.spec({ contexts: [{ name: "lib", kind: "path", path: "../.." }] });
  expect(await world.finish(build, world.commit({ Dockerfile: "FROM node:24\n" }))).toMatchObject({
    failure: { code: "path-outside" },
  });
});

test("steps are run with the settings of the build, and proxies and dates of its arguments", async () => {
  const build = world.spec({
    args: { HTTP_PROXY: "http://proxy.example:3128", SOURCE_DATE_EPOCH: "86400" },
    settings: {
      offline: true,
      shmSizeBytes: 96 * 1024 ** 2,
      hosts: ["db.internal=192.0.2.7", "db.internal=2001:db8::7"],
      ulimits: [{ name: "nofile", soft: 321, hard: 654 }],
    },
  });
  const Dockerfile = `FROM node:24
${fresh()}
RUN cat /etc/hosts && df --output=size -B1M /dev/shm && ulimit -Sn && ulimit -Hn && echo proxy=$HTTP_PROXY && ls /sys/class/net | tr '\\n' ' '
`;
  expect(await world.finish(build, world.commit({ Dockerfile }))).toEqual({ state: "built" });
  const log = (await world.jobs.buildLog(build.tag))?.join("\n") ?? "";
  expect(log).toMatch(/192\.0\.2\.7\s+db\.internal/);
  for (const seen of [
    /2001:db8::7\s+db\.internal/,
    / 96$/m,
    / 321$/m,
    / 654$/m,
    /proxy=http:\/\/proxy\.example:3128/,
    / lo ?$/m,
  ])
    expect(log).toMatch(seen);
  // A proxy is for the steps: the image's environment does not hold it. Its date is the one asked for.
  const image = await world.docker.getImage(build.tag).inspect();
  expect(JSON.stringify(image.Config.Env)).not.toContain("proxy.example");
  expect(image.Created).toBe("1970-01-02T00:00:00Z");
  await world.remove(build);
});

test("a build that wants no cache runs its steps again", async () => {
  const Dockerfile = `FROM node:24\n${fresh()}\nRUN echo again\n`;
  const [first, second] = [world.spec(), world.spec({ settings: { noCache: true } })];
  for (const build of [first, second]) {
    expect(await world.finish(build, world.commit({ Dockerfile }))).toEqual({ state: "built" });
    expect((await world.jobs.buildLog(build.tag))?.join("\n")).not.toContain("CACHED");
  }
  await world.remove(first);
  await world.remove(second);
});
