import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { stringify } from "yaml";
import { type Mayfly, startMayfly } from "../demo/mayfly.ts";
import { median, printTable } from "./table.ts";

const secret = "bench";
const connections = 32;
const secondsPerRun = 3;
const runs = 5;

/**
 * Durable webhooks a second: 20 KB pull_request events of 200 pull requests, each verified, stored (WAL, FULL) and
 * answered, over 32 connections; then the same load into a kill -9, after which every acknowledged delivery must be there.
 */
export async function benchIntake(): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-bench-"));
  const port = await freePort();
  // GitHub is not there: what is measured is what happens before the 202, while the loop does its failing reads beside it.
  await writeFile(
    join(folder, "server.yaml"),
    stringify({
      listen: `127.0.0.1:${port}`,
      public_url: `http://localhost:${port}`,
      state: join(folder, "state"),
      github: {
        api_url: "http://127.0.0.1:9",
        web_url: "http://127.0.0.1:9",
        token: "none",
        webhook_secret: secret,
        poll: "1h",
      },
    }),
  );
  const mayfly = await startMayfly({ folder, port });
  try {
    await load(mayfly, "warm-up");
    const rates: number[] = [];
    for (let run = 1; run <= runs; run++)
      rates.push((await load(mayfly, `run-${run}`)).acknowledged.length / secondsPerRun);
    const lost = await killUnderLoad(mayfly, folder);
    const perSecond = Math.round(median(rates));
    printTable([
      ["durable webhooks", "per second"],
      ...rates.map((rate, index) => [`run ${index + 1}`, rate.toFixed(0)]),
      ["median", String(perSecond)],
      [`lost over kill -9, of ${lost.acknowledged}`, String(lost.lost)],
    ]);
    return { perSecond, lost: lost.lost, acknowledged: lost.acknowledged, connections, bodyBytes: payload(1).length };
  } finally {
    await mayfly.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function killUnderLoad(mayfly: Mayfly, folder: string): Promise<{ lost: number; acknowledged: number }> {
  const running = load(mayfly, "killed");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await mayfly.kill();
  const { acknowledged } = await running;
  const database = new DatabaseSync(join(folder, "state", "mayfly.db"));
  const stored = new Set(
    database
      .prepare("select delivery from deliveries")
      .all()
      .map((row) => row["delivery"]),
  );
  database.close();
  return { acknowledged: acknowledged.length, lost: acknowledged.filter((id) => !stored.has(id)).length };
}

/** Sends as fast as answers come, for three seconds; answers the ids that were acknowledged with 202. */
async function load(mayfly: Mayfly, run: string): Promise<{ acknowledged: string[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const bodies = Array.from({ length: 200 }, (_, index) => signed(payload(index + 1)));
  const until = performance.now() + secondsPerRun * 1000;
  const acknowledged: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const id = `${run}-${next++}`;
      const status = await post(mayfly.port, { agent, id, ...bodies[next % bodies.length]! }).catch(() => 0);
      if (status === 0) return;
      if (status === 202) acknowledged.push(id);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  agent.destroy();
  return { acknowledged };
}

type Post = { agent: Agent; id: string; body: string; signature: string };

function post(port: number, { agent, id, body, signature }: Post): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: `localhost:${port}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "x-github-event": "pull_request",
      "x-github-delivery": id,
      "x-github-hook-id": "1",
      "x-hub-signature-256": signature,
    };
    const call = request(
      { host: "127.0.0.1", port, method: "POST", path: "/webhooks/github", agent, headers },
      (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
        response.once("error", reject);
      },
    );
    call.once("error", reject);
    call.end(body);
  });
}

function signed(body: string): { body: string; signature: string } {
  return { body, signature: `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` };
}

/** A fork's pull request: stored and looked at like any other, and nothing is started for it. */
function payload(number: number): string {
  const repository = { id: 1, full_name: "acme/bench", private: false };
  const pull = {
    number,
    title: `Pull request ${number}`,
    state: "open",
    user: { login: "ann" },
    head: { sha: number.toString(16).padStart(40, "0"), ref: "feature", repo: { id: 2 } },
    base: { ref: "main" },
    labels: [],
    body: "x".repeat(20_000),
  };
  return JSON.stringify({ action: "synchronize", repository, pull_request: pull });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
