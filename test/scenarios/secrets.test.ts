import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { miniShop } from "../support/mini-shop.ts";
import { endScenario, repository, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

const values = {
  first: "v1:s3cr3t/of the+shop",
  second: "v2:an0ther/one of&it",
  password: 'pa"ss\\word\nof two lines',
  token: "npm_token/of=builds",
};
/** What the operator's files are in: outside of everything that is searched. */
const vault = mkdtempSync(join(tmpdir(), "vault-"));
const rotate = (value: string) => writeFileSync(join(vault, "stripe"), `${value}\n`);

let scenario: Scenario;
beforeAll(async () => {
  rotate(values.first);
  writeFileSync(join(vault, "password"), values.password);
  writeFileSync(join(vault, "token"), values.token);
  scenario = await startScenario({
    files: shop(),
    config: {
      repositories: {
        [repository]: {
          secrets: {
            STRIPE_KEY: { file: join(vault, "stripe") },
            NPM_TOKEN: { command: `cat ${vault}/token` },
            DB_PASSWORD: { command: `cat ${vault}/password` },
          },
        },
      },
    },
  });
});
afterAll(async () => {
  await endScenario(scenario);
  rmSync(vault, { recursive: true });
});

/** Tells by hash what it was given, and prints it in every way at `/leak`. */
const server = `const http = require("node:http");
const { createHash } = require("node:crypto");
const key = process.env.STRIPE_KEY;
const password = require("node:fs").readFileSync("/run/secrets/db_password", "utf8");
const hash = (text) => createHash("sha256").update(text).digest("hex");
const half = (text) => [text.slice(0, text.length / 2), text.slice(text.length / 2)];
function leak() {
  for (const value of [key, password]) {
    console.log("plain " + value);
    console.error(JSON.stringify({ value }), encodeURIComponent(value));
    console.log(Buffer.from(value).toString("base64"), Buffer.from("user:" + value).toString("base64"));
    console.log("x".repeat(4085) + value);
    console.log(half(value).join("\\n"));
    for (const piece of half("chunk " + value)) process.stdout.write(piece);
    console.log(" end of the leak");
  }
}
if (process.env.FAILS) {
  leak();
  process.exit(3);
}
http.createServer((request, response) => {
  if (request.url === "/leak") leak();
  response.end(hash(key) + " " + hash(password) + " " + hash(process.env.URL));
}).listen(3000, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`;

/** A step that needs its secret, and prints it. */
const dockerfile = `FROM node:24
ENV RUN_OF=${randomBytes(8).toString("hex")}
RUN --mount=type=secret,id=npm,required=true cat /run/secrets/npm && echo " was read"
COPY . /app
CMD ["node", "/app/server.js"]
`;

function shop(change: { manifest?: string; fails?: boolean } = {}): Record<string, string> {
  const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: ${change.fails ? '"no"' : "unless-stopped"}
    read_only: true
    tmpfs: /run
    environment:
      URL: pay://\${STRIPE_KEY}@pay
      FAILS: ${change.fails ? '"yes"' : '""'}
    secrets: [db_password]
secrets:
  db_password: { environment: DB_PASSWORD }
`;
  return miniShop({
    server,
    compose,
    dockerfile,
    files: {
      ".mayfly.yaml":
        change.manifest ??
        `secrets: { STRIPE_KEY: , NPM_TOKEN: { build: npm } }
checks: [ { name: leaky, service: web, command: node /app/leaky.js, required: false } ]
`,
      "web/leaky.js": 'console.log("plain " + process.env.STRIPE_KEY);\nprocess.exit(1);\n',
    },
  });
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const given = (key: string) => [key, values.password, `pay://${key}@pay`].map(sha256).join(" ");

/** Each value in the spellings that must be nowhere, the halves of what was printed in two lines among them. */
const forbidden = Object.values(values).flatMap((value) => [
  value,
  JSON.stringify(value).slice(1, -1),
  encodeURIComponent(value),
  Buffer.from(value).toString("base64"),
  value.slice(0, value.length / 2),
  value.slice(value.length / 2),
]);
const found = (text: string | Buffer) => forbidden.filter((each) => text.includes(each));

async function leaked(): Promise<string> {
  const { mayfly } = scenario;
  const { url } = (await mayfly.show("shop-pr-1"))!;
  expect((await mayfly.visit(`${url}/leak`)).status).toBe(200);
  return eventually(
    async () => {
      const lines = await mayfly.api<{ line: string }[]>("/api/previews/shop-pr-1/logs?tail=1000");
      const text = lines.map(({ line }) => line).join("\n");
      expect(text.split("end of the leak").length).toBeGreaterThan(2);
      return text;
    },
    { timeoutMs: 10_000 },
  );
}

describe("a team's branch", () => {
  test("is given the secrets it asks for, as variables, inside of values, and as a file", async () => {
    tellOnFailure(scenario);
    await scenario.open({ branch: "pay", files: shop() });
    const { url } = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready");
    expect((await scenario.mayfly.visit(url)).body).toBe(given(values.first));
  });

  test("may print them in any form: logs tell none of it", async () => {
    tellOnFailure(scenario);
    const text = await leaked();
    expect(found(text)).toEqual([]);
    expect(text).toContain("plain ***");
    const { mayfly } = scenario;
    const page = await mayfly.visit(`${mayfly.url}/api/previews/shop-pr-1/logs?format=text&tail=1000`, {
      headers: { authorization: `Bearer ${mayfly.token}` },
    });
    expect(page.body).toContain("plain ***");
    expect(found(page.body)).toEqual([]);
  });

  test("may print them in a check: its log and its page tell none of it", async () => {
    tellOnFailure(scenario);
    const { mayfly } = scenario;
    await scenario.seen("shop-pr-1", ({ checks }) => checks[0]?.state === "failed");
    const lines = await mayfly.api<{ line: string }[]>("/api/previews/shop-pr-1/check-logs?check=leaky");
    expect(lines.map(({ line }) => line)).toEqual(["plain ***"]);
    const headers = { authorization: `Bearer ${mayfly.token}` };
    const { body } = await mayfly.visit(`${mayfly.url}/previews/shop-pr-1`, { headers });
    expect(body).toMatch(/<strong>leaky<\/strong>[^]*failed[^]*exited with code 1[^]*plain \*\*\*/);
    expect(found(body)).toEqual([]);
  });

  test("prints what it has after a rotation and a restart of Mayfly: that is not told either", async () => {
    tellOnFailure(scenario);
    rotate(values.second);
    await scenario.mayfly.stop();
    await scenario.mayfly.start();
    expect(found(await leaked())).toEqual([]);
  });

  test("has the rotated one from the next deployment on, without a restart", async () => {
    tellOnFailure(scenario);
    const { mayfly } = scenario;
    const before = (await mayfly.show("shop-pr-1"))!.serving!.generation;
    await mayfly.api("/api/previews/shop-pr-1/redeploy", { method: "POST" });
    const { url } = await scenario.seen("shop-pr-1", ({ serving }) => (serving?.generation ?? 0) > before);
    expect((await mayfly.visit(url)).body).toBe(given(values.second));
    expect(found(await leaked())).toEqual([]);
  });
});

test("a name that nobody has set is told with where to set it", async () => {
  tellOnFailure(scenario);
  const number = await scenario.open({
    branch: "missing",
    files: shop({ manifest: "secrets: [STRIPE_KEY, MAIL_KEY]" }),
  });
  await scenario.seen(`shop-pr-${number}`, ({ newest }) => newest?.failure?.code === "secret-missing");
  await eventually(
    async () => {
      const comment = await scenario.comment(number);
      expect(comment).toContain("missing: MAIL");
      expect(comment).toContain("server.yaml");
    },
    { timeoutMs: 10_000 },
  );
});

test("a failure's last lines are told without them", async () => {
  tellOnFailure(scenario);
  await scenario.push({ branch: "pay", files: shop({ fails: true }) });
  const { newest } = await scenario.seen("shop-pr-1", (view) => view.newest?.phase === "failed");
  expect(newest?.failure?.logTail.join("\n")).toContain("plain ***");
  await eventually(async () => expect(await scenario.comment(1)).toContain("plain"), { timeoutMs: 10_000 });
});

test("no value is anywhere that people or programs read, nor in what is kept", async () => {
  tellOnFailure(scenario);
  const { mayfly, folder, github, docker, serverId } = scenario;
  const read: Record<string, string | Buffer> = {};
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (statSync(join(folder, path)).isFile()) read[path] = readFileSync(join(folder, path));
  }
  expect(Object.keys(read)).toEqual(expect.arrayContaining(["mayfly.log", "state/mayfly.db", "state/mayfly.db-wal"]));
  for (const path of ["", "/shop-pr-1", "/shop-pr-1/plan", "/shop-pr-1/timeline", "/shop-pr-1/build-logs"]) {
    read[`api ${path}`] = JSON.stringify(await mayfly.api(`/api/previews${path}`));
  }
  const headers = { authorization: `Bearer ${mayfly.token}` };
  for (const path of ["/", "/previews/shop-pr-1", "/metrics"]) {
    read[`page ${path}`] = (await mayfly.visit(`${mayfly.url}${path}`, { headers })).body;
  }
  read["comments"] = JSON.stringify(await github.comments(repository, 1));
  read["deployments"] = JSON.stringify(github.deployments(repository));
  read["statuses"] = JSON.stringify(github.statuses(repository, (await mayfly.show("shop-pr-1"))!.newest!.commit));
  const filters = { label: [`dev.mayfly.server=${serverId}`] };
  const containers = await docker.listContainers({ all: true, filters });
  for (const { Id, Labels } of containers) {
    read[`labels of ${Id}`] = JSON.stringify(Labels);
    const image = docker.getImage((await docker.getContainer(Id).inspect()).Image);
    read[`image of ${Id}`] = JSON.stringify([await image.inspect(), await image.history()]);
  }
  expect(containers.length).toBeGreaterThan(0);
  expect(read["api /shop-pr-1/build-logs"]).toContain("*** was read");
  read["volumes"] = JSON.stringify(await docker.listVolumes({ filters }));
  const told = Object.entries(read).flatMap(([where, text]) => found(text).map((value) => `${where}: ${value}`));
  expect(told).toEqual([]);
  expect(Object.keys(read).length).toBeGreaterThan(20);
});
