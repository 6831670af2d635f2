import { type Check, fail, ok, warn } from "./check.ts";

export type EngineFacts = {
  version: string;
  apiVersion: string;
  driver: string;
  filesystem: string;
  rootless: boolean;
};

/** The oldest engine that Mayfly is written and tested for. */
const oldest = { version: 26, api: 1.45 };

/** The engine's age, and what it keeps its files on. */
export function checkEngine({ version, apiVersion, driver, filesystem, rootless }: EngineFacts): Check {
  const what = `engine ${version}, ${driver} on ${filesystem === "extfs" ? "ext4" : filesystem}`;
  if (Number.parseInt(version, 10) < oldest.version || Number(apiVersion) < oldest.api) {
    return fail(
      "engine",
      `${what}: older than ${oldest.version} (API ${oldest.api})`,
      "Upgrade Docker (docs/install.md).",
    );
  }
  if (rootless)
    return warn(
      "engine",
      `${what}, rootless: previews' addresses are not reached from the host`,
      "Use an engine that runs as root.",
    );
  return ok("engine", what);
}

/** Data branches, as they were tried. */
export function checkData({ text, hint }: { text: string; hint: string | null }): Check {
  return hint === null ? ok("data", text) : warn("data", text, hint);
}

/** A run of IPv4 addresses, and whose it is. */
export type Taken = { what: string; base: number; size: number };

export type PoolFacts = {
  pool: { text: string; base: number; size: number };
  /** The host's own, without the default route and without those of the engine's networks. */
  routes: Taken[];
  /** The engine's networks that are not this server's. */
  networks: Taken[];
};

/** The pool of previews' subnets, against what else is on these addresses. */
export function checkPool({ pool, routes, networks }: PoolFacts): Check {
  const here = (range: Taken) => range.base < pool.base + pool.size && pool.base < range.base + range.size;
  const within = (range: Taken) => range.base >= pool.base && range.base + range.size <= pool.base + pool.size;
  const hint = "Give previews a range that nobody uses: `network: { pool: … }` in server.yaml.";
  const route = routes.find(within);
  if (route)
    return fail(
      "pool",
      `${pool.text} holds ${route.what}, which this host routes elsewhere: the two would be taken for each other`,
      hint,
    );
  const wider = routes.find(here);
  if (wider)
    return warn("pool", `${pool.text} lies inside ${wider.what}: what is there cannot be reached from here`, hint);
  const network = networks.find(here);
  if (network)
    return warn(
      "pool",
      `${network.what} uses addresses of ${pool.text}; its subnets are passed over`,
      "Nothing breaks. A pool of its own for each leaves room: `network: { pool: … }` in server.yaml.",
    );
  return ok("pool", `${pool.text} is free for previews`);
}
