import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EngineError } from "../../src/domain/errors.ts";
import { connect } from "../../src/engine/docker.ts";
import { pull, resolveImage } from "../../src/engine/images.ts";
import { follow, type LogLine, tail } from "../../src/engine/logs.ts";
import { observe } from "../../src/engine/observe.ts";
import { watch } from "../../src/engine/watch.ts";
import { eventually } from "../support/eventually.ts";
import { clock, createWorld, idle, log, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

describe("an engine that does not answer", () => {
  test.each(["unix:///no/such/docker.sock", "tcp://127.0.0.1:9"])(
    "at %s is told as such, to be tried again",
    async (host) => {
      await expect(observe(connect(host), "s", "1-1")).rejects.toMatchObject({
        code: "engine-unreachable",
        retry: "backoff",
      });
    },
  );

  test("is asked for events until it is there, and then everything is looked at", async () => {
    const gaps: string[] = [];
    // The first connections fail, as if the engine came up late.
    const absent = connect("unix:///no/such/docker.sock");
    let calls = 0;
    const docker = new Proxy(world.docker, {
      get: (target, key) =>
        key === "getEvents" && calls++ < 2 ? absent.getEvents.bind(absent) : Reflect.get(target, key),
    });
    const onLost = () => gaps.push("lost");
    const onGap = () => gaps.push("gap");
    await using watching = new AsyncDisposableStack();
    watching.use(watch({ docker, server: world.server, clock, log, onChange: () => undefined, onLost, onGap }));
    await eventually(() => gaps.includes("gap"));
    expect(gaps).toEqual(["lost", "gap"]);
  });
});

describe("events", () => {
  test("a container that starts and dies wakes its preview, and nobody else's does", async () => {
    const woken: string[] = [];
    const onChange = (key: string) => woken.push(key);
    await using watching = new AsyncDisposableStack();
    const nothing = () => undefined;
    const { docker, server } = world;
    watching.use(watch({ docker, server, clock, log, onChange, onLost: nothing, onGap: nothing }));
    await using other = await createWorld();
    await world.run(world.network("default"));
    await other.run(other.network("default"));
    const plan = world.container("web", idle);
    const elsewhere = other.container("web", idle);
    await other.up(elsewhere);
    await other.down(elsewhere);
    await other.run({ kind: "remove-network", name: other.name("default") });
    await world.up(plan);
    await eventually(() => woken.length > 0);
    expect(woken).toEqual(["7-42"]);
    await world.docker.getContainer(plan.name).kill();
    await eventually(() => woken.length > 1);
    await world.down(plan);
    expect(new Set(woken)).toEqual(new Set(["7-42"]));
    await world.run({ kind: "remove-network", name: world.name("default") });
  });
});

describe("logs", () => {
  test("the last lines, clean, of a container with and without a terminal", async () => {
    await world.run(world.network("default"));
    for (const tty of [false, true]) {
      const plan = world.container("web", `for(let i=0;i<50;i++)console.log("\\u001b[32mline "+i+"\\u001b[0m")`, {
        tty,
      });
      await world.up(plan);
      await eventually(async () => (await tail(world.docker, plan.name, 1))[0] === "line 49");
      expect(await tail(world.docker, plan.name, 3)).toEqual(["line 47", "line 48", "line 49"]);
      await world.down(plan);
    }
    expect(await tail(world.docker, "no-such-container", 3)).toEqual([]);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });

  test("of all services, as they come, until one goes away", async () => {
    await world.run(world.network("default"));
    const speak = (word: string) => `let n=0;setInterval(()=>console.log("${word} "+n++),50)`;
    const [web, api] = [world.container("web", speak("hello")), world.container("api", speak("bye"))];
    await world.up(web);
    await world.up(api);
    const heard: LogLine[] = [];
    const stop = new AbortController();
    const target = { server: world.server, preview: "7-42" };
    for await (const line of follow(world.docker, target, { tail: 10, live: true, signal: stop.signal })) {
      heard.push(line);
      if (["web", "api"].every((name) => heard.filter(({ service }) => service === name).length > 5)) stop.abort();
    }
    expect(heard.filter(({ service }) => service === "web").every(({ line }) => /^hello \d+$/.test(line))).toBe(true);
    expect(heard.every(({ at }) => Math.abs(at - Date.now()) < 60_000)).toBe(true);
    const only: LogLine[] = [];
    const signal = new AbortController().signal;
    for await (const line of follow(world.docker, { ...target, service: "api" }, { tail: 3, live: false, signal }))
      only.push(line);
    expect(only.map(({ service }) => service)).toEqual(["api", "api", "api"]);
    const end = await Promise.all([api, web].map((plan) => world.down(plan)));
    expect(end).toHaveLength(2);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });

  test("following ends when the containers do", async () => {
    await world.run(world.network("default"));
    const plan = world.container("job", `console.log("done")`);
    await world.up(plan);
    const lines: string[] = [];
    const options = { tail: 10, live: true, signal: new AbortController().signal };
    for await (const { line } of follow(world.docker, { server: world.server, preview: "7-42" }, options))
      lines.push(line);
    expect(lines).toEqual(["done"]);
    await world.down(plan);
    await world.run({ kind: "remove-network", name: world.name("default") });
  });
});

describe("images", () => {
  test("one that is there is known by id, with its ports and volumes", async () => {
    expect(await resolveImage(world.docker, { kind: "pull", reference: "postgres:17" }, null, 7)).toEqual({
      id: world.images.postgres,
      ports: [5432],
      volumes: ["/var/lib/postgresql/data"],
    });
  });

  test("one that is not there is nothing", async () => {
    expect(await resolveImage(world.docker, { kind: "pull", reference: "no-such-image:1" }, null, 7)).toBeNull();
    expect(await resolveImage(world.docker, { kind: "build", build: "web" }, "mayfly.local/7/team:none", 7)).toBeNull();
    expect(await resolveImage(world.docker, { kind: "build", build: "web" }, null, 7)).toBeNull();
  });

  test("one that cannot be pulled says so, by name", async () => {
    const pulled = pull(world.docker, "127.0.0.1:9/no-such-image", { signal: new AbortController().signal });
    await expect(pulled).rejects.toMatchObject({
      code: "image-unavailable",
      retry: "backoff",
      message: expect.stringMatching(
        /^image 127\.0\.0\.1:9\/no-such-image could not be pulled, no registry gave it: .*connection refused/,
      ),
    });
  });

  test.each([
    "x/../y",
    "../networks",
    "x?y",
    "x#y",
    "x%2f..%2fy",
    "x//y",
    "/x",
    ".",
    "..",
    ".x",
    "X",
    "",
    "a".repeat(256),
    "sha256:abc/json",
  ])("nothing is asked of the engine about %j, which is no name", async (reference) => {
    const asked: string[] = [];
    const docker = new Proxy(world.docker, {
      get: (target, key) => {
        asked.push(String(key));
        return Reflect.get(target, key) as unknown;
      },
    });
    expect(await resolveImage(docker, { kind: "pull", reference }, null, 7)).toBeNull();
    await expect(pull(docker, reference, { signal: new AbortController().signal })).rejects.toMatchObject({
      code: "image-unavailable",
      retry: "never",
    });
    expect(asked).toEqual([]);
  });

  test("one is found by its whole id", async () => {
    const { node } = world.images;
    expect(await resolveImage(world.docker, { kind: "pull", reference: node }, null, 7)).toMatchObject({ id: node });
  });

  test.each([
    ["/v2/ is closed", 403, 403, "text/html", "is not to be had: the registry answered 403"],
    ["the manifest is closed", 200, 403, "text/html", "is not to be had: the registry answered 403"],
    ["there is none", 200, 404, "application/json", "is not to be had: the registry answered 404"],
    ["a page is there instead", 200, 200, "text/html", "could not be pulled, no registry gave it: what answered is no"],
    ["it broke", 200, 500, "text/html", "could not be pulled, no registry gave it: the registry answered 500"],
  ])("nothing that a host answers is told when %s", async (_name, root, manifest, type, told) => {
    const page =
      type === "text/html" ? "admin secret=tulip" : `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"secret=tulip"}]}`;
    await using host = await answering((req, res) => {
      res.writeHead(req.url === "/v2/" ? root : manifest, { "content-type": type }).end(page);
    });
    const reference = `127.0.0.1:${host.port}/internal:1`;
    const failure = await pull(world.docker, reference, { signal: AbortSignal.timeout(20_000) }).catch(
      (error: unknown) => error as EngineError,
    );
    expect(failure).toMatchObject({ code: "image-unavailable", message: expect.stringContaining(told) });
    expect(failure?.message).not.toContain("tulip");
  });
});

describe("an engine that answers with a redirect", () => {
  test.each(["/v1.45/images/y/json", "http://127.0.0.1:1/", "//x", "http:/y"])("to %s is refused", async (location) => {
    await using host = await answering((_, res) => res.writeHead(301, { location }).end());
    const docker = connect(`tcp://127.0.0.1:${host.port}`);
    const refused = { code: "engine-refused" };
    await expect(docker.getImage("x").inspect()).rejects.toMatchObject(refused);
    await expect(docker.createImage({ fromImage: "x" })).rejects.toMatchObject(refused);
  });

  test.each(["x/../y", "x/..", "x//y", "x?y", "x#y", "x%2e", "x y"])(
    "is not even asked about a thing of the name %j",
    async (name) => {
      let asked = 0;
      await using host = await answering((_, res) => {
        asked += 1;
        res.end("{}");
      });
      const docker = connect(`tcp://127.0.0.1:${host.port}`);
      const refused = { code: "engine-refused", retry: "never" };
      await expect(docker.getImage(name).inspect()).rejects.toMatchObject(refused);
      await expect(docker.getContainer(name).inspect()).rejects.toMatchObject(refused);
      await expect(docker.getVolume(name).inspect()).rejects.toMatchObject(refused);
      expect(asked).toBe(0);
      await docker.getImage("registry.example.com:5000/a/b__c:1.2-x@sha256:abc").inspect();
      expect(asked).toBe(1);
    },
  );
});

/** An HTTP server on a port of its own. */
async function answering(handle: RequestListener): Promise<AsyncDisposable & { port: number }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
