import { type Database, databaseOf } from "../../domain/database.ts";
import { branchParts } from "../../domain/naming.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import type { ObservedVolume } from "../../domain/stack-state.ts";
import { digestOf } from "../../engine/directory.ts";
import { execute } from "../../engine/exec.ts";
import { allow } from "../../engine/docker.ts";
import type { DataHost } from "../data-host.ts";
import { places } from "./branch.ts";
import { postgresCount } from "./count-postgres.ts";
import { mariadbCount, redisCount } from "./count-others.ts";

/** How a database tells what was written to it. */
export type Counter = {
  /** A shell script for its container that prints one line, the count. */
  script: string;
  /** Whether nothing was written between two counts. */
  isSame(before: string, now: string): boolean;
};

const counters: Record<Database, Counter> = { postgres: postgresCount, mariadb: mariadbCount, redis: redisCount };

/** What is asked must not keep anybody waiting. */
const askMs = 5000;
/** Of files that are no known database's, so much is looked at. */
const mostBytes = 64 * 1024 ** 2;

/**
 * How much was written to a service's data so far: by its database's own count, of other data by what the branch holds
 * of its own. Null where neither tells.
 */
export async function countOf(
  host: DataHost,
  { service, container, volume }: { service: ServiceSpec; container: string; volume: ObservedVolume },
): Promise<string | null> {
  const signal = AbortSignal.timeout(askMs);
  try {
    const kind = databaseOf(service);
    if (kind !== null) {
      const command = ["sh", "-c", counters[kind].script];
      const { exitCode, lines } = await execute(host, container, { command, signal });
      const [line] = lines.filter((each) => each.startsWith("mayfly ")).slice(-1);
      return exitCode === 0 && line !== undefined ? `${kind} ${line.slice("mayfly ".length)}` : null;
    }
    if (volume.snapshot === undefined) return null;
    const { anchor } = branchParts(volume.name);
    if ((await allow(host.docker.getContainer(anchor).inspect(), 404)) === null) return null;
    const digest = await digestOf(host.docker, { container: anchor, path: places.upper }, { mostBytes, signal });
    return digest === null ? null : `files ${digest}`;
  } catch (error) {
    host.log.info({ service: service.name, err: error }, "it is not known what was written to its data");
    return null;
  }
}

/** Whether nothing was written between two counts of the same data. */
export function isSameCount(before: string, now: string): boolean {
  const [kind = "", ...rest] = before.split(" ");
  if (!Object.hasOwn(counters, kind) || !now.startsWith(`${kind} `)) return before === now;
  return counters[kind as Database].isSame(rest.join(" "), now.slice(kind.length + 1));
}
