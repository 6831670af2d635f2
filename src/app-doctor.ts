import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type Docker from "dockerode";
import { pino } from "pino";
import { openGitHub } from "./app-github.ts";
import { clock, randomId } from "./app-outside.ts";
import { bytesOf } from "./config/quantity.ts";
import type { ServerConfig } from "./config/server.ts";
import { readStateFile } from "./config/state-folder.ts";
import { dataStrategy } from "./data/branch/strategy.ts";
import { type Check, fail } from "./doctor/check.ts";
import { checkData, checkEngine, checkPool } from "./doctor/engine-checks.ts";
import { checkFirewall, type Firewall, firewallOf, firewallScript } from "./doctor/firewall.ts";
import { installFirewall } from "./doctor/firewall-install.ts";
import { checkGitHub, checkWebhook } from "./doctor/github-checks.ts";
import {
  fetchText,
  hostRoutes,
  kernelSetting,
  ownAddresses,
  printed,
  resolveName,
  space,
  writeProblem,
} from "./doctor/look.ts";
import {
  checkBuilds,
  checkClock,
  checkDisk,
  checkGit,
  checkHandover,
  checkMemory,
  checkState,
} from "./doctor/machine-checks.ts";
import { checkPublicUrl, checkSites, checkWildcard } from "./doctor/name-checks.ts";
import { checkAllowances, checkOthers } from "./doctor/server-checks.ts";
import { MayflyError } from "./domain/errors.ts";
import { labels } from "./domain/labels.ts";
import { previewLink } from "./domain/naming.ts";
import { memoryProblem, prepareMemory } from "./engine/build-memory.ts";
import { clearEngine } from "./engine/clear.ts";
import { connect, isOnThisMachine } from "./engine/docker.ts";
import { enginesDisk } from "./engine/disk.ts";
import { measureMemory } from "./engine/memory.ts";
import { serversOn } from "./engine/servers.ts";
import { parseRange } from "./engine/subnets.ts";
import { isLocked } from "./store/lock.ts";

export { adoptServer } from "./app-adopt.ts";

/** What was found, and how the firewall's rules are typed by hand where they are not in place. */
export type Examination = { checks: Check[]; firewall: string | null };

/**
 * Looks at everything that Mayfly stands on; with `fix` it first prepares the control group of builds and installs the
 * firewall. Throws EngineError `firewall-refused`.
 */
export async function examine(config: ServerConfig, { fix }: { fix: boolean }): Promise<Examination> {
  const state = resolve(config.state);
  const server = readStateFile(state, "server-id");
  const isRunning = isLocked(state);
  const docker = connect(config.engine.host);
  if (fix) await prepareMemory(state);
  const [{ checks: engine, firewall }, names, gitHub] = await Promise.all([
    lookAtEngine(docker, { config, server, fix }),
    lookAtNames(config, isRunning),
    lookAtGitHub(config),
  ]);
  const machine = [
    checkBuilds(config.builds.memoryBytes, await memoryProblem(isOnThisMachine(config.engine.host))),
    checkState(state, await writeProblem(existsSync(state) ? state : dirname(state))),
    checkGit(await printed("git", "--version")),
    checkHandover(await kernelSetting("net/ipv4/tcp_migrate_req")),
  ];
  const checks = [...engine, ...machine, ...names, ...gitHub, ...checkAllowances(allowedBy(config))];
  const isSafe = checks.some(({ name, status }) => name === "firewall" && status === "ok");
  return { checks, firewall: isSafe || firewall === null ? null : firewallScript(firewall) };
}

function allowedBy({ defaults, repositories }: ServerConfig): Record<string, readonly string[]> {
  const named = Object.entries(repositories ?? {}).map(([name, { allow }]) => [name, allow] as const);
  // Where the server file names repositories, there are no others.
  return Object.fromEntries(repositories === null ? [["every repository", defaults.allow] as const] : named);
}

type EngineLook = { config: ServerConfig; server: string | null; fix: boolean };

async function lookAtEngine(
  docker: Docker,
  { config, server, fix }: EngineLook,
): Promise<{ checks: Check[]; firewall: Firewall | null }> {
  try {
    const [version, info, networks] = await Promise.all([docker.version(), docker.info(), docker.listNetworks()]);
    const status = (info.DriverStatus ?? []) as [string, string][];
    const filesystem = status.find(([name]) => name === "Backing Filesystem")?.[1] ?? "an unknown file system";
    const rootless = ((info.SecurityOptions ?? []) as string[]).some((option) => option.includes("rootless"));
    const facts = {
      version: version.Version,
      apiVersion: version.ApiVersion,
      driver: info.Driver,
      filesystem,
      rootless,
    };
    const bridge = networks.find(({ Name }) => Name === "bridge")?.IPAM?.Config?.[0]?.Subnet ?? null;
    const firewall = firewallOf({ pool: config.network.pool, builds: bridge });
    if (fix) await installFirewall(firewall);
    const folder = info.DockerRootDir as string;
    const isLocal = isOnThisMachine(config.engine.host);
    const seen = isLocal ? await enginesDisk(folder) : null;
    const disk = seen === null ? null : await space(seen);
    const memory = await measureMemory({ isLocal });
    const data = await tryBranch(docker, server);
    const checks = [
      checkEngine(facts),
      checkData(data),
      checkDisk(disk, { folder, reserveBytes: bytesOf(config.disk.reserve, disk?.totalBytes ?? 0) }),
      checkMemory(memory, bytesOf(config.memory.reserve, memory?.totalBytes ?? 0)),
      checkPool(await poolFacts(config.network.pool, networks, server)),
      checkFirewall(firewall, await printed("iptables-save", "-t", "filter")),
      checkOthers(await serversOn(docker), server),
    ];
    return { checks, firewall };
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code === "firewall-refused") throw error;
    return { checks: [fail("engine", error.message, error.hint)], firewall: null };
  }
}

/** Tries a data branch; before there is a server id, as nobody who leaves anything. */
async function tryBranch(docker: Docker, server: string | null): ReturnType<typeof dataStrategy> {
  if (server !== null) return dataStrategy({ docker, server, randomId });
  const nobody = randomId(16);
  try {
    return await dataStrategy({ docker, server: nobody, randomId });
  } finally {
    await clearEngine(docker, nobody, { caches: true });
  }
}

async function poolFacts(pool: string, networks: Docker.NetworkInspectInfo[], server: string | null) {
  const others = networks.filter(({ Labels }) => server === null || Labels?.[labels.server] !== server);
  return {
    pool: { text: pool, ...parseRange(pool) },
    routes: await hostRoutes(),
    networks: others.flatMap(({ Name, IPAM }) =>
      (IPAM?.Config ?? []).flatMap(({ Subnet }) =>
        Subnet?.includes(".") ? [{ what: `the engine's network ${Name}`, ...parseRange(Subnet) }] : [],
      ),
    ),
  };
}

async function lookAtNames(config: ServerConfig, isRunning: boolean): Promise<Check[]> {
  const { domain, publicUrl } = config;
  const name = `mayfly-doctor-${randomId(8)}.${domain}`;
  const [addresses, health] = await Promise.all([resolveName(name), fetchText(`${publicUrl}/healthz`)]);
  const answer = isRunning && addresses.length > 0 ? await fetchText(previewLink(name, publicUrl)) : null;
  const answers =
    answer && "text" in answer && answer.status === 404 && answer.text.startsWith("No preview has this name");
  const problem =
    "problem" in health ? health.problem : health.text === "ok\n" ? null : `it says ${health.status} to /healthz`;
  return [
    checkWildcard({ domain, addresses, own: ownAddresses(), answers: answer && answers === true }),
    checkSites(domain, config.dashboardHost ?? new URL(publicUrl).hostname),
    checkPublicUrl({ publicUrl, isRunning, trustsProxies: config.trustedProxies.length > 0, problem }),
  ];
}

/** No more repositories than this are asked about one by one. */
const asked = 50;

async function lookAtGitHub({ github, repositories }: ServerConfig): Promise<Check[]> {
  const webhook = checkWebhook({ secrets: github.webhookSecrets.length, pollMs: github.pollMs });
  if (github.token === null && github.app === null) return [webhook, checkGitHub({ kind: "none" })];
  const named = Object.keys(repositories ?? {}).filter((name) => !name.endsWith("/*"));
  using gitHub = openGitHub(github, { clock, log: pino({ level: "silent" }), heard() {} });
  try {
    const { as, refused, now } = await gitHub.client.access(named.slice(0, asked));
    return [webhook, checkGitHub({ ...as, refused }), checkClock(now === null ? null : clock.now() - now)];
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error;
    return [webhook, checkGitHub({ kind: "problem", what: error.message, hint: hintOf(error) }), checkClock(null)];
  }
}

/** What is to be done while nothing is at stake yet. */
function hintOf(error: MayflyError): string {
  return error.code === "forge-unreachable" ? "Is github.api_url right, and can this machine reach it?" : error.hint;
}
