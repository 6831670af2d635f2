import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { connect } from "../../src/engine/docker.ts";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

// Tells what it has and what it reaches, by content: a connection alone may be answered by anything in between.
const server = (outside: string) => `const http = require("node:http");
const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
const read = (url) => fetch(url, { signal: AbortSignal.timeout(3000) }).then((answer) => answer.text()).catch((error) => "nothing: " + error.message);
http.createServer(async (request, response) => {
  if (request.url === "/env") response.end(JSON.stringify(process.env));
  else if (request.url === "/outside") response.end(await read("${outside}"));
  else if (request.url.startsWith("/who")) response.end(process.env.WHO);
  else if (request.url === "/api") response.end(await read("http://api:3000/"));
  else response.end(page);
}).listen(3000, "0.0.0.0");
`;
const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    environment: { STRIPE_KEY: "\${STRIPE_KEY}", WHO: web }
  api:
    build: web
    environment: { WHO: api }
    expose: [3000]
    volumes: ["cache:/cache"]
  keys:
    image: redis:8
    volumes: ["keys:/data"]
volumes: { cache: {}, keys: {} }
`;
/** The same for everybody: seeds by the database's own program, and by one of the application. */
const manifest = `routes: { web: 3000, api: { port: 3000, path: /who/api } }
secrets: [STRIPE_KEY]
data:
  keys: { seed: [ keys.sh, { run: { service: web, command: [ node, -e, "require('net').connect(6379, 'keys').end('INCR runs' + String.fromCharCode(13, 10))" ] } } ] }
`;
const stripeKey = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

describe("a pull request from a fork", () => {
  let scenario: Scenario;
  let outside: Server;
  let fork: string;
  let number: number;
  let commit: string;
  beforeAll(async () => {
    outside = createServer((_, response) => response.end("the world outside")).listen(0, "0.0.0.0");
    await once(outside, "listening");
    const bridge = await dockerBridge();
    const url = `http://${bridge}:${(outside.address() as AddressInfo).port}/`;
    scenario = await startScenario({
      files: miniShop({
        compose,
        server: server(url),
        files: { ".mayfly.yaml": manifest, "keys.sh": "redis-cli set guest ada\n" },
      }),
      config: { repositories: { [repository]: { secrets: { STRIPE_KEY: stripeKey } } } },
    });
    fork = await scenario.github.fork({ repo: repository, owner: "mallory" });
  });
  afterAll(async () => {
    outside.close();
    await endScenario(scenario);
  });

  const push = (text: string) =>
    scenario.github.push({ repo: fork, branch: "gift", files: { "web/page.txt": `${text}\n` }, author: "mallory" });
  const say = (author: string, body: string) => scenario.github.comment({ repo: repository, number, author, body });
  const slug = () => `shop-pr-${number}`;
  const read = async (id: string, path: string) => {
    const { url } = (await scenario.mayfly.show(id))!;
    return (await scenario.mayfly.visit(url + path)).body;
  };
  const replies = async () =>
    (await scenario.github.comments(repository, number)).filter(({ body }) => body.includes("<!-- mayfly:answer"));
  const replied = (count: number, text: string) =>
    eventually(
      async () => {
        const told = (await replies()).map(({ body }) => body);
        expect(told).toHaveLength(count);
        expect(told.at(-1)).toContain(text);
      },
      { timeoutMs: 15_000 },
    );

  test("is not started, and its comment says what lets it run", async () => {
    tellOnFailure(scenario);
    commit = await push("a gift");
    number = await scenario.github.openPullRequest({
      repo: repository,
      head: "gift",
      title: "A gift",
      author: "mallory",
      fork: "mallory",
    });
    const { key } = await scenario.seen(slug(), ({ phase }) => phase === "blocked");
    await eventually(
      async () =>
        expect((await scenario.comment(number)).split("\n")[0]).toBe(
          `Not started: this pull request comes from a fork. Someone with write access can run this commit with \`/allow ${commit.slice(0, 12)}\`.`,
        ),
      { timeoutMs: 15_000 },
    );
    expect(await scenario.objects(key)).toEqual([]);
    // Also once nothing of it is left to be removed: an operator finds it among the others.
    await scenario.seen(slug(), ({ goneAt }) => goneAt !== null);
    expect(await scenario.mayfly.api("/api/previews")).toMatchObject([{ slug: slug(), phase: "blocked" }]);
  });

  test("is not started by its author's word, nor by one for another commit, and each is told why", async () => {
    tellOnFailure(scenario);
    await say("mallory", `/allow ${commit}`);
    await replied(1, "needs write permission");
    await say("bob", "/allow 0123456");
    await replied(
      2,
      `\`0123456\` is not the newest commit. Look at what the newest one changes, then say \`/allow ${commit.slice(0, 12)}\``,
    );
    await say("bob", "/deploy");
    await replied(3, "`/deploy` changed nothing");
    const { key, phase } = (await scenario.mayfly.show(slug()))!;
    expect([phase, await scenario.objects(key)]).toEqual(["blocked", []]);
  });

  test("runs that commit by the word of someone who may write: with its own services, without secrets and the world", async () => {
    tellOnFailure(scenario);
    await say("bob", `/allow ${commit.slice(0, 7)}`);
    const view = await scenario.serving(slug(), commit);
    // The fork's comes first: what it made of the same seed would be there for whoever asks for it.
    expect(await snapshotTrust()).toEqual(["fork"]);
    const team = await scenario.open({ branch: "team", files: { "web/page.txt": "the team's\n" } });
    expect(await read(slug(), "/")).toBe("a gift");
    expect(await read(slug(), "/api")).toBe("a gift");
    expect(await read(slug(), "/outside")).toMatch(/^nothing: /);
    const mounted = ["/who", "/who/api", "/who/api/more", "/who/apis"].map((path) => read(slug(), path));
    expect(await Promise.all(mounted)).toEqual(["web", "api", "api", "web"]);
    expect(await read(slug(), "/env")).not.toContain(stripeKey);
    expect(JSON.parse(await read(slug(), "/env"))).toMatchObject({ STRIPE_KEY: "" });

    // What the same questions answer where the code is the team's.
    const own = await scenario.seen(`shop-pr-${team}`, ({ phase }) => phase === "ready");
    expect(await read(own.slug, "/outside")).toBe("the world outside");
    expect(JSON.parse(await read(own.slug, "/env"))).toMatchObject({ STRIPE_KEY: stripeKey });

    const hoursLeft = async (id: string) => ((await scenario.mayfly.show(id))!.expiresAt! - Date.now()) / 3_600_000;
    expect(await hoursLeft(slug())).toBeCloseTo(18, 0);
    expect(await hoursLeft(own.slug)).toBeCloseTo(72, 0);

    const internal = await networksOf(view.key);
    expect(internal.length).toBeGreaterThanOrEqual(1);
    expect(internal.every(Boolean)).toBe(true);
    expect(await trustOfImages(view.key)).toEqual(["fork"]);
    expect(await trustOfImages(own.key)).toEqual(["team"]);
    expect(await snapshotTrust()).toEqual(["fork", "team"]);
    expect(await branchedFrom(view.key)).toEqual(["fork"]);
    expect(await branchedFrom(own.key)).toEqual(["team"]);
  });

  test("is blocked again by a push: nothing of the allowed commit is left, until the new one is allowed", async () => {
    tellOnFailure(scenario);
    const next = await push("a surprise");
    const { key, url } = await scenario.seen(slug(), ({ phase }) => phase === "blocked");
    await eventually(async () => expect(await scenario.objects(key)).toEqual([]), { timeoutMs: 30_000 });
    const page = await scenario.mayfly.visit(url, { headers: { accept: "text/html" } });
    expect(page.status).toBe(403);
    expect(page.body).toContain(`/allow ${next.slice(0, 12)}`);
    await eventually(async () => expect(await scenario.comment(number)).toContain(`/allow ${next.slice(0, 12)}`), {
      timeoutMs: 15_000,
    });
    await scenario.mayfly.api(`/api/previews/${slug()}/allow?argument=${next}`, { method: "POST" });
    await scenario.serving(slug(), next);
    expect(await read(slug(), "/")).toBe("a surprise");
  });

  const ownedBy = (key: string) => ({
    label: [`${labels.preview}=${key}`, `${labels.server}=${scenario.serverId}`],
  });

  async function networksOf(key: string): Promise<boolean[]> {
    const found = await scenario.docker.listNetworks({ filters: ownedBy(key) });
    return found.map(({ Internal }) => Internal);
  }

  async function snapshotTrust(): Promise<string[]> {
    const label = [`${labels.kind}=snapshot`, `${labels.server}=${scenario.serverId}`];
    const { Volumes } = await scenario.docker.listVolumes({ filters: { label } });
    return Volumes.map(({ Labels }) => Labels[labels.trust] ?? "none").toSorted();
  }

  /** Whose snapshots a preview's data reads. */
  async function branchedFrom(key: string): Promise<string[]> {
    const { Volumes } = await scenario.docker.listVolumes({ filters: ownedBy(key) });
    const names = Volumes.flatMap(({ Labels }) => Labels[labels.snapshot] ?? []);
    const found = await Promise.all(names.map((name) => scenario.docker.getVolume(name).inspect()));
    return found.map(({ Labels }) => Labels[labels.trust] ?? "none");
  }

  async function trustOfImages(key: string): Promise<string[]> {
    const found = await scenario.docker.listContainers({ filters: ownedBy(key) });
    const images = await Promise.all(found.map(({ ImageID }) => scenario.docker.getImage(ImageID).inspect()));
    // But for what was pulled.
    return [...new Set(images.flatMap(({ Config }) => Config.Labels?.[labels.trust] ?? []))];
  }

  /** An address of this host that is in no preview's network. */
  async function dockerBridge(): Promise<string> {
    const network = await connect("unix:///var/run/docker.sock").getNetwork("bridge").inspect();
    return network.IPAM?.Config?.[0]?.Gateway ?? "";
  }
});
