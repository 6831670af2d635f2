import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { createGitHub, type GitHub, type GitHubOptions } from "./github-server.ts";
import type { AppSeed } from "./github-types.ts";
import { type Mayfly, startMayfly } from "./mayfly.ts";

/** GitHub and Mayfly, connected: what the demo, the scenarios and the benchmarks play on. */
export type Stage = AsyncDisposable & {
  github: GitHub;
  mayfly: Mayfly;
  folder: string;
  serverId: string;
  /** What the server file reads its secrets from. */
  environment: Record<string, string>;
};

export type StageOptions = Pick<GitHubOptions, "users" | "repositories"> & {
  /** Taken when it is free; any other otherwise. */
  port?: number;
  /** Between two comparisons with GitHub; an hour when not given. */
  poll?: string;
  /** Mayfly is this GitHub App, without a token. */
  app?: AppSeed;
  /** False: no event ever reaches Mayfly. */
  webhook?: boolean;
  /** Added to (or in place of) what the server file says. */
  config?: Record<string, unknown>;
  /** What Mayfly's command line is given to, called when the server file is written; this checkout by default. */
  program?(place: { folder: string; port: number; environment: Record<string, string> }): string[];
  /** Keeps the folder with state and log, for a look after a failure. */
  keepFolder?: boolean;
};

const token = "ghp_demo0token0of0the0stand0in";
const clientId = "Iv1.demo";
const clientSecret = "the demo's client secret";
export const secret = "the demo's webhook secret";
const main = resolve(import.meta.dirname, "../src/main.ts");

/** Starts both; disposing it ends them and removes everything of theirs from the engine. */
export async function setStage(options: StageOptions): Promise<Stage> {
  await using closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "mayfly-"));
  if (!options.keepFolder) closing.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort(options.port);
  const github = closing.use(
    await createGitHub({
      users: options.users,
      repositories: options.repositories,
      token,
      ...(options.webhook !== false && { webhook: { url: `http://127.0.0.1:${port}/webhooks/github`, secret } }),
      ...(options.app && { app: options.app }),
      oauth: { clientId, clientSecret, callbackUrl: `http://localhost:${port}/sign-in/callback` },
    }),
  );
  const config = {
    listen: `127.0.0.1:${port}`,
    public_url: `http://localhost:${port}`,
    state: join(folder, "state"),
    github: {
      api_url: github.apiUrl,
      web_url: github.url,
      ...(options.app
        ? { app: { id: options.app.id, private_key: options.app.privateKey } }
        : { token: { env: "DEMO_TOKEN" } }),
      webhook_secret: { env: "DEMO_SECRET" },
      poll: options.poll ?? "1h",
      oauth: { client_id: clientId, client_secret: { env: "DEMO_OAUTH" } },
    },
    ...options.config,
  };
  await writeFile(join(folder, "server.yaml"), stringify(config));
  const environment = { DEMO_TOKEN: token, DEMO_SECRET: secret, DEMO_OAUTH: clientSecret };
  closing.defer(() => clear(folder, environment));
  const mayfly = closing.use(
    await startMayfly({
      folder,
      port,
      environment,
      ...(options.program && { program: options.program({ folder, port, environment }) }),
    }),
  );
  const serverId = (await readFile(join(folder, "state", "server-id"), "utf8")).trim();
  const owned = closing.move();
  return { github, mayfly, folder, serverId, environment, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What an operator would type to leave nothing behind; the server is stopped by now. */
async function clear(folder: string, environment: Record<string, string>): Promise<void> {
  const words = [main, "destroy", "--all", "--caches", "--config", join(folder, "server.yaml")];
  await promisify(execFile)(process.execPath, words, { env: { ...process.env, ...environment } });
}

async function freePort(wanted = 0): Promise<number> {
  const probe = createServer();
  const isTaken = await new Promise<boolean>((resolve) => {
    probe.once("error", () => resolve(true));
    probe.listen(wanted, "127.0.0.1", () => resolve(false));
  });
  if (isTaken) return freePort();
  const address = probe.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  probe.close();
  await once(probe, "close");
  return port;
}
