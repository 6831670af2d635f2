import { createHash } from "node:crypto";
import { mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { describe, expect, test } from "vitest";
import { packContext } from "../../src/engine/build-context.ts";
import { resolveImage } from "../../src/engine/images.ts";
import { tail } from "../../src/engine/logs.ts";
import { createBuildWorld, fresh } from "./build-world.ts";

const listing = `FROM node:24
WORKDIR /app
COPY . .
RUN find . -type f -o -type l | sort > /listing
`;

describe("a build", () => {
  test("makes an image under its tag, for its repository alone", async () => {
    await using world = await createBuildWorld();
    const build = world.spec({ args: { GREETING: "hello" }, target: "first" });
    const request = world.commit({
      Dockerfile: `FROM node:24 AS first\nARG GREETING\n${fresh()}\nRUN echo "$GREETING" > /greeting\nEXPOSE 8080 53/udp\nFROM no-such-image\n`,
    });
    expect(await world.finish(build, request)).toEqual({ state: "built" });
    const image = { kind: "build", build: "web" } as const;
    const found = await resolveImage(world.docker, image, build.tag, 7);
    expect(found).toMatchObject({ ports: [8080], volumes: [] });
    expect(await resolveImage(world.docker, image, build.tag, 8)).toBeNull();
    expect(await resolveImage(world.docker, { kind: "pull", reference: build.tag }, null, 8)).toBeNull();
    const info = await world.docker.getImage(build.tag).inspect();
    expect(info.Config.Labels).toMatchObject({
      "dev.mayfly.server": world.server,
      "dev.mayfly.kind": "image",
      "dev.mayfly.repository": "7",
      "dev.mayfly.trust": "team",
    });
    expect((await world.jobs.buildLog(build.tag))?.some((line) => line.includes("RUN echo"))).toBe(true);
    expect(world.ended).toEqual(["7-42"]);
    await world.remove(build);
  });

  test.each([
    [
      "inside the context",
      { dockerfile: "app/Dockerfile" },
      { "app/Dockerfile": listing },
      ["./Dockerfile", "./kept.txt", "./link", "./sub/deep.txt"],
    ],
    [
      "outside the context",
      { dockerfile: "docker/web" },
      { "docker/web": listing },
      ["./.mayfly-*.Dockerfile", "./kept.txt", "./link", "./sub/deep.txt"],
    ],
    [
      "inline",
      { dockerfile: null, inline: listing },
      {},
      ["./.mayfly-*.Dockerfile", "./kept.txt", "./link", "./sub/deep.txt"],
    ],
    [
      "ignored itself",
      { dockerfile: "app/Dockerfile" },
      { "app/Dockerfile": listing, "app/.dockerignore": "Dockerfile\n.dockerignore\nignored" },
      ["./.mayfly-*.Dockerfile", "./kept.txt", "./link", "./sub/deep.txt"],
    ],
  ])("sees its context without what is ignored, its Dockerfile %s", async (_where, more, files, seen) => {
    await using world = await createBuildWorld();
    const build = world.spec({ context: "app", ...more });
    const request = world.commit({
      "secret.txt": "not in the context",
      "app/kept.txt": "kept",
      "app/sub/deep.txt": "deep",
      "app/ignored/x": "x",
      "app/.dockerignore": "ignored\n.dockerignore",
      ...files,
    });
    const { root } = await request.open(new AbortController().signal);
    // A link that leads out is sent as a link: nothing of the host comes along.
    symlinkSync("/etc/passwd", join(root, "app/link"));
    expect(await world.finish(build, request)).toEqual({ state: "built" });
    const shown = world.container("show", "", { command: ["cat", "/listing"], entrypoint: [] });
    await world.run(world.network("default"));
    await world.up({ ...shown, imageId: build.tag });
    await world.run(world.awaiting({ ...shown, service: { ...shown.service, job: true } }, { condition: "completed" }));
    const found = await tail(world.docker, shown.name, 20);
    expect(found.map((path) => path.replace(/-[0-9a-f]{32}\./, "-*."))).toEqual(seen);
    await world.down(shown);
    await world.run({ kind: "remove-network", name: world.name("default") });
    await world.remove(build);
  });

  test("is made from the Dockerfile that was looked at, whatever file of the branch has its name", async () => {
    await using world = await createBuildWorld();
    const inline = `FROM node:24\n${fresh()}\nCOPY . /seen\n`;
    const build = world.spec({ dockerfile: null, inline });
    const hash = createHash("sha256").update(inline).digest("hex").slice(0, 32);
    const evil = "FROM node:24\nRUN echo smuggled && exit 7\n";
    const request = world.commit({ ".mayfly.Dockerfile": evil, [`.mayfly-${hash}.Dockerfile`]: evil, "kept.txt": "" });
    expect(await world.finish(build, request)).toEqual({ state: "built" });
    expect((await world.jobs.buildLog(build.tag))?.join("\n")).not.toContain("smuggled");
    await world.remove(build);
  });

  test("a huge folder that is ignored is walked without stopping everything else", async () => {
    await using world = await createBuildWorld();
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`junk/${index}`, ""]));
    const request = world.commit({ Dockerfile: "FROM node:24", ".dockerignore": "junk/*\n!junk/no", ...files });
    await using opened = await request.open(new AbortController().signal);
    const { tar } = await packContext(opened, world.spec());
    let turns = 0;
    const count = setInterval(() => (turns += 1), 0);
    const names: string[] = [];
    const unpacked = extract().on("entry", (header, stream, next) => {
      names.push(header.name);
      stream.resume().on("end", next);
    });
    await pipeline(tar, unpacked);
    clearInterval(count);
    expect(names).toEqual([".dockerignore", "Dockerfile", "junk"]);
    expect(turns).toBeGreaterThan(5);
  });

  test("that fails names its step, exit code and last lines, once; asked again it is built again", async () => {
    await using world = await createBuildWorld();
    const build = world.spec();
    const request = world.commit({
      Dockerfile: `FROM node:24\n${fresh()}\nRUN echo first\nRUN echo "npm ERR! missing" && exit 3\n`,
    });
    const told = await world.finish(build, request);
    expect(told).toMatchObject({
      state: "failed",
      failure: {
        code: "build-failed",
        service: "web",
        what: `web did not build: step [3/3] RUN echo "npm ERR! missing" && exit 3 ended with exit code 3`,
      },
    });
    const failure = told.state === "failed" ? told.failure : null;
    expect(failure?.logTail.join("\n")).toMatch(/#\d+ npm ERR! missing\n#\d+ ERROR: /);
    expect(await world.finish(build, request)).toMatchObject({ state: "failed" });
    expect(world.ended).toEqual(["7-42", "7-42"]);
  });

  test.each([
    ["no Dockerfile", {}, {}, "file-missing", "web is built from Dockerfile, which is not there"],
    [
      "a Dockerfile that cannot be read",
      { Dockerfile: "FROM node:24\nNONSENSE\n" },
      {},
      "build-failed",
      "unknown instruction: NONSENSE",
    ],
    [
      "a context that is not there",
      { Dockerfile: "FROM node:24" },
      { context: "web" },
      "file-missing",
      "build context web is not a directory",
    ],
    ["a context that leads out", { Dockerfile: "FROM node:24" }, { context: "../.." }, "path-outside", "leads outside"],
    [
      "a base image that is not to be had",
      { Dockerfile: "FROM 127.0.0.1:9/none:1" },
      {},
      "build-failed",
      "127.0.0.1:9/none:1",
    ],
  ])("with %s fails as such", async (_case, files, more, code, text) => {
    await using world = await createBuildWorld();
    const told = await world.finish(world.spec(more), world.commit(files));
    expect(told).toMatchObject({ state: "failed", failure: { code, what: expect.stringContaining(text) } });
  });

  test("whose context is a link is refused", async () => {
    await using world = await createBuildWorld();
    const request = world.commit({ Dockerfile: "FROM node:24" });
    const { root } = await request.open(new AbortController().signal);
    symlinkSync(mkdtempSync(join(world.folder, "outside-")), join(root, "web"));
    const told = await world.finish(world.spec({ context: "web" }), request);
    expect(told).toMatchObject({ state: "failed", failure: { code: "path-outside" } });
  });

  test("that takes too long is ended, and told where it was", async () => {
    await using world = await createBuildWorld({ timeoutMs: 3000 });
    const request = world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nRUN sleep 600\n` });
    const told = await world.finish(world.spec(), request);
    expect(told).toMatchObject({
      state: "failed",
      failure: { code: "build-timeout", what: expect.stringContaining("at step [2/2] RUN sleep 600") },
    });
  });

  test("shows its output without what a terminal would obey, and no more than is bearable", async () => {
    await using world = await createBuildWorld();
    const build = world.spec();
    const program = String.raw`process.stdout.write("\x1b[2J\x1b]0;owned\x07hidden\x00\u202etxt\n"+"x".repeat(1e6)+"\n")`;
    const request = world.commit({
      Dockerfile: `FROM node:24\n${fresh()}\nRUN node -e '${program}'\nRUN seq 1 200000\n`,
    });
    expect(await world.finish(build, request)).toEqual({ state: "built" });
    const lines = (await world.jobs.buildLog(build.tag)) ?? [];
    expect(lines.some((line) => /^#\d+ hiddentxt$/.test(line))).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(5000);
    // oxlint-disable-next-line no-control-regex -- that none is there
    expect(lines.join("")).not.toMatch(/[\u0000-\u0008\u001b\u202e]/);
    expect(lines.join("\n").length).toBeLessThan(5.1 * 1024 * 1024);
    await world.remove(build);
  });
});
