import { setStage, type Stage } from "../../demo/stage.ts";
import { docker, pause } from "../machine.ts";
import { type Report, startSteady } from "../steady-load.ts";
import { printTable } from "../table.ts";

const repository = "acme/shop";
const visited = "shop-pr-1";
const deployments = 10;
const rate = 100;
const idleSeconds = 15;

const files = {
  "compose.yaml": `services:
  web:
    build: web
    ports: ["3000:3000"]
    depends_on: { db: { condition: service_started } }
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: bench }
    volumes: ["data:/var/lib/postgresql/data"]
volumes: { data: }
`,
  "web/Dockerfile": 'FROM node:24\nCOPY server.js /server.js\nCMD ["node", "/server.js"]\n',
  "web/server.js": `require("node:http").createServer((q, r) => r.end("up".repeat(500))).listen(3000, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
`,
};

/**
 * The whole server under a steady load on one preview, idle and while ten others are deployed: how much longer the slowest hundredth of the
 * requests takes. The same load on the container itself, without the gateway, tells how much of it is the machine.
 */
export async function benchDeploying(): Promise<Record<string, unknown>> {
  await using stage = await setStage({
    users: ["ann"],
    repositories: [{ name: repository, files, collaborators: { ann: "admin" } }],
    config: { defaults: { access: "public" } },
  });
  await open(stage, 1);
  await isServed(stage, visited);
  const address = await addressOf(stage);
  const load = startSteady({
    perSecond: rate,
    host: `${visited}.preview.localhost`,
    addresses: [`127.0.0.1:${stage.mayfly.port}`, `${address}:3000`],
  });
  try {
    await pause(3000);
    await load.report();
    await pause(idleSeconds * 1000);
    const idle = await load.report();
    const numbers = Array.from({ length: deployments }, (_, at) => at + 2);
    await Promise.all(numbers.map((number) => open(stage, number)));
    // One after the other, and seldom: asking is work for the server as well.
    for (const number of numbers) await isServed(stage, `shop-pr-${number}`);
    const busy = await load.report();
    const figures = [0, 1].map((at) => [idle, busy].map(({ taken }) => taken[at] ?? []));
    const row = (name: string, [before = [], during = []]: number[][] = []) => [
      name,
      ...[before, during].flatMap((each) => [0.5, 0.99].map((part) => quantile(each, part).toFixed(1))),
      ratioOf([before, during]).toFixed(2),
    ];
    printTable([
      [`${rate} requests a second, ms`, "p50 idle", "p99 idle", "p50 deploying", "p99 deploying", "p99 ratio"],
      row("through Mayfly", figures[0]),
      row("the container itself", figures[1]),
    ]);
    return {
      deployingP99Ratio: ratioOf(figures[0]),
      deployingDirectP99Ratio: ratioOf(figures[1]),
      ...Object.fromEntries(["failed", "directFailed"].map((name, at) => [name, sum(idle, busy, at)])),
    };
  } finally {
    load.stop();
  }
}

function ratioOf([before = [], during = []]: number[][] = []): number {
  return Number((quantile(during, 0.99) / quantile(before, 0.99)).toFixed(3));
}

function sum(idle: Report, busy: Report, at: number): number {
  return (idle.failed[at] ?? 0) + (busy.failed[at] ?? 0);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

async function open({ github }: Stage, number: number): Promise<void> {
  const branch = `branch-${number}`;
  await github.push({ repo: repository, branch, files: { "web/notes": branch }, author: "ann" });
  await github.openPullRequest({ repo: repository, head: branch, title: branch, author: "ann" });
}

async function isServed({ mayfly }: Stage, slug: string): Promise<void> {
  for (;;) {
    const seen = await mayfly.show(slug);
    if (seen?.serving != null) return;
    if (seen?.newest?.failure) throw new Error(`${slug} failed: ${seen.newest.failure.what}`);
    await pause(500);
  }
}

async function addressOf({ serverId }: Stage): Promise<string> {
  const filters = [`label=dev.mayfly.server=${serverId}`, "label=dev.mayfly.service=web"];
  const container = await docker(["ps", "-q", ...filters.flatMap((filter) => ["--filter", filter])]);
  const form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}\n{{end}}";
  const addresses = await docker(["inspect", "-f", form, container]);
  return addresses.split("\n")[0] ?? "";
}
