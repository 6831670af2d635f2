import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import type { BuildSpec } from "../../src/domain/stack.ts";
import { createImageAccess } from "../../src/engine/image-access.ts";
import { pull } from "../../src/engine/images.ts";
import { tail } from "../../src/engine/logs.ts";
import { registryKey } from "../../src/engine/registries.ts";
import { maskKnown } from "../../src/feedback/known-values.ts";
import { createBuildWorld, fresh } from "./build-world.ts";
import { startRegistry } from "./private-registry.ts";
import { createWorld } from "./world.ts";

const value = "npm_token:with/signs+and\nlines";
const sha256 = createHash("sha256").update(value).digest("hex");
const secrets = [{ id: "npm", secret: "NPM_TOKEN" }];
const nothing = { secrets: new Map<string, string>(), registries: {}, anew: false };

describe("a build", () => {
  test("is given the secrets it mounts; neither its image nor its log holds them", async () => {
    const gifts = async () => ({ ...nothing, secrets: new Map([["npm", value]]) });
    await using world = await createBuildWorld({ gifts, mask: (line) => maskKnown(line, [value]) });
    const build = world.spec({ secrets });
    const request = world.commit({
      Dockerfile: `FROM node:24
${fresh()}
RUN --mount=type=secret,id=npm,required=true sha256sum /run/secrets/npm > /sum && cat /run/secrets/npm
RUN --mount=type=secret,id=other test ! -e /run/secrets/other && test ! -e /run/secrets/npm
CMD ["sh", "-c", "cat /sum; test -e /run/secrets || echo gone"]
`,
    });
    expect(await world.finish(build, request)).toEqual({ state: "built" });
    const log = readdirSync(join(world.folder, "logs", "7-42")).map((file) =>
      readFileSync(join(world.folder, "logs", "7-42", file), "utf8"),
    );
    expect(log.join("")).toContain("***");
    expect(maskKnown(log.join(""), [value])).toBe(log.join(""));
    const image = world.docker.getImage(build.tag);
    const told = JSON.stringify([await image.inspect(), await image.history()]);
    expect(maskKnown(told, [value])).toBe(told);
    const container = await world.docker.createContainer({ Image: build.tag });
    await container.start();
    await container.wait();
    expect(await tail(world.docker, container.id, 2)).toEqual([expect.stringContaining(sha256), "gone"]);
    await container.remove();
    await world.remove(build);
  });

  test("that needs one which it was not given is told so", async () => {
    await using world = await createBuildWorld();
    const build = world.spec();
    const step = "RUN --mount=type=secret,id=npm,required=true true";
    const outcome = await world.finish(build, world.commit({ Dockerfile: `FROM node:24\n${fresh()}\n${step}\n` }));
    expect(outcome).toMatchObject({ state: "failed", failure: { code: "build-failed" } });
    expect(outcome.state === "failed" && outcome.failure.what).toMatch(/npm: not found/);
  });

  test("of a fork is asked for nothing: that is decided where it is given", async () => {
    await using registry = await startRegistry();
    await using world = await createBuildWorld({ gifts: async () => nothing });
    const build = world.spec();
    const request = world.commit({
      Dockerfile: `FROM node:24\n${fresh()}\nCOPY --from=${registry.image} /hello /hello\n`,
    });
    const outcome = await world.finish(build, request);
    expect(outcome).toMatchObject({ state: "failed", failure: { code: "build-failed" } });
    expect(registry.logins).toEqual([]);
  });

  test("of a fork does not take from this host what is here by the operator's account", async () => {
    await using registry = await startRegistry();
    const { host, account, image } = registry;
    let gifts = { ...nothing, registries: { [host]: account } as Record<string, typeof account> };
    await using world = await createBuildWorld({ gifts: async () => gifts });
    await pull(world.docker, image, { signal: AbortSignal.timeout(10_000), registries: gifts.registries });
    const request = world.commit({ Dockerfile: `FROM ${image}\n${fresh()}\nLABEL a=b\n` });
    const team = world.spec();
    expect(await world.finish(team, request)).toEqual({ state: "built" });
    gifts = { ...nothing, anew: true };
    expect(await world.finish(world.spec(), request)).toMatchObject({ state: "failed" });
    await world.remove(team);
    await world.docker.getImage(image).remove();
  });

  test.each([
    ["a fork's", { trust: "fork" }],
    ["another repository's", { repositoryId: 8 }],
  ] as const)("leaves nothing that it made of a secret in the cache for %s", async (_whose, other) => {
    await using world = await createBuildWorld({
      gifts: async (_build, { trust, repositoryId }) =>
        trust === "team" && repositoryId === 7 ? { ...nothing, secrets: new Map([["npm", value]]) } : nothing,
    });
    const request = world.commit({
      Dockerfile: `FROM node:24
${fresh()}
RUN --mount=type=secret,id=npm if test -e /run/secrets/npm; then sha256sum /run/secrets/npm > /sum; else echo nothing > /sum; fi
CMD ["cat", "/sum"]
`,
    });
    const said = async (build: BuildSpec) => {
      const container = await world.docker.createContainer({ Image: build.tag });
      await container.start();
      await container.wait();
      const lines = await tail(world.docker, container.id, 1);
      await container.remove();
      await world.remove(build);
      return lines.join();
    };
    const [ours, theirs] = [world.spec({ secrets }), world.spec()];
    expect(await world.finish(ours, request)).toEqual({ state: "built" });
    expect(await world.finish(theirs, { ...request, ...other })).toEqual({ state: "built" });
    expect(await said(theirs)).toBe("nothing");
    expect(await said(ours)).toContain(sha256);
  });

  test("takes an image of a registry that wants a login", async () => {
    await using registry = await startRegistry();
    const { host, account, image } = registry;
    const gifts = async () => ({ ...nothing, registries: { [host]: account } });
    await using world = await createBuildWorld({ gifts });
    const build = world.spec();
    const request = world.commit({ Dockerfile: `FROM node:24\n${fresh()}\nCOPY --from=${image} /hello /hello\n` });
    expect(await world.finish(build, request)).toEqual({ state: "built" });
    expect(new Set(registry.logins)).toEqual(new Set([`${account.username}:${account.password}`]));
    await world.remove(build);
  });
});

test("an image of a registry that wants a login is pulled with its account, and not without", async () => {
  await using registry = await startRegistry();
  const { host, account, image } = registry;
  await using world = await createWorld();
  const { signal } = new AbortController();
  const refused = pull(world.docker, image, { signal });
  await expect(refused).rejects.toThrow(EngineError);
  await expect(refused).rejects.toThrow(/wants a login|not without a login/);
  const wrong = { [host]: { ...account, password: "wrong" } };
  await expect(pull(world.docker, image, { signal, registries: wrong })).rejects.toThrow(EngineError);
  await pull(world.docker, image, { signal, registries: { [host]: account } });
  expect((await world.docker.getImage(image).inspect()).RepoTags).toEqual([image]);
  // A fork may not have it although it is here, and may have what anybody can pull.
  const access = createImageAccess(world.docker, { [host]: account });
  const base = { kind: "pull", reference: image } as const;
  const owner = { repositoryId: 7, trust: "team" as const };
  expect(await access.resolve(base, null, owner)).not.toBeNull();
  expect(await access.resolve(base, null, { ...owner, trust: "fork" })).toBeNull();
  await expect(access.pull(image, "fork", signal)).rejects.toThrow(/login/);
  registry.open();
  await access.pull(image, "fork", signal);
  expect(await access.resolve(base, null, { ...owner, trust: "fork" })).not.toBeNull();
  await world.docker.getImage(image).remove();
});

test.each([
  ["https://index.docker.io/v1/", "docker.io"],
  ["registry-1.docker.io", "docker.io"],
  ["GHCR.io", "ghcr.io"],
  ["registry.example.com:5000", "registry.example.com:5000"],
])("the registry %s is %s in the server file", (host, key) => {
  expect(registryKey(host)).toBe(key);
});
