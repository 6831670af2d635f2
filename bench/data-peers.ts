import { docker, until } from "./machine.ts";
import { seedOf, type Size } from "./data-sizes.ts";

export type PeerTimes = { psqlMs: number; restoreMs: number; copyMs: number; templateMs: number; writeMs: number };

const golden = "mayfly-bench-golden";
const scratch = "mayfly-bench-scratch";
const image = "postgres:17";
const data = "/var/lib/postgresql/data";

/**
 * The ways in which others give a database its data, each into a server that runs already: its SQL played by psql, a
 * dump restored with two jobs, its files copied, and a template copied inside one shared server.
 */
export async function withPeer<T>(size: Size, use: (peer: () => Promise<PeerTimes>) => Promise<T>): Promise<T> {
  await clear();
  try {
    await serve(golden);
    await execIn(golden, ["psql", "-q", "-U", "postgres", "-d", "shop"], seedOf(size));
    await execIn(golden, [
      "sh",
      "-c",
      "pg_dump -U postgres -Fc -Z0 shop > /dumps/shop.dump && pg_dump -U postgres shop > /dumps/shop.sql",
    ]);
    return await use(() => once());
  } finally {
    await clear();
  }
}

async function once(): Promise<PeerTimes> {
  await serve(scratch);
  const psqlMs = await timed(() =>
    execIn(scratch, ["sh", "-c", "psql -q -v ON_ERROR_STOP=1 -U postgres -d shop -f /dumps/shop.sql > /dev/null"]),
  );
  await execIn(scratch, ["psql", "-q", "-U", "postgres", "-c", "DROP DATABASE shop", "-c", "CREATE DATABASE shop"]);
  const restoreMs = await timed(() =>
    execIn(scratch, ["pg_restore", "-j", "2", "-U", "postgres", "-d", "shop", "/dumps/shop.dump"]),
  );
  const templateMs = await timed(() =>
    execIn(scratch, ["psql", "-q", "-U", "postgres", "-c", "CREATE DATABASE copy TEMPLATE shop STRATEGY file_copy"]),
  );
  await remove(scratch);
  await docker(["stop", golden]);
  const mounts = ["-v", `${golden}:/from:ro`, "-v", `${scratch}:/to`];
  const copy = ["run", "--rm", "--user", "root", "--entrypoint", "cp", ...mounts, image, "-a", "/from/.", "/to/"];
  const copyMs = await timed(() => docker(copy));
  await serve(scratch);
  const writeMs = await timed(() => execIn(scratch, firstWrite("shop")));
  await remove(scratch);
  await docker(["start", golden]);
  await until(() => isReady(golden));
  return { psqlMs, restoreMs, copyMs, templateMs, writeMs };
}

/** One row of the table is changed, and on disk when it returns. */
export function firstWrite(database: string): string[] {
  return ["psql", "-q", "-U", "postgres", "-d", database, "-c", "UPDATE entries SET title = 'Changed' WHERE id = 1"];
}

/** Runs a program in a container, with the text as its input. */
export async function execIn(container: string, command: string[], input?: string): Promise<void> {
  await docker(
    ["exec", ...(input === undefined ? [] : ["-i"]), container, ...command],
    input === undefined ? {} : { input },
  );
}

async function serve(name: string): Promise<void> {
  const environment = ["-e", "POSTGRES_PASSWORD=bench", "-e", "POSTGRES_DB=shop"];
  const mounts = ["-v", `${name}:${data}`, "-v", `${golden}-dumps:/dumps`];
  await docker(["run", "-d", "--name", name, "--shm-size", "128m", ...environment, ...mounts, image]);
  await until(() => isReady(name));
}

async function isReady(name: string): Promise<boolean> {
  return execIn(name, ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"]).then(
    () => true,
    () => false,
  );
}

async function clear(): Promise<void> {
  await remove(golden);
  await remove(scratch);
  await docker(["volume", "rm", "-f", `${golden}-dumps`]);
}

async function remove(name: string): Promise<void> {
  await docker(["rm", "-f", name]);
  await docker(["volume", "rm", "-f", name]);
}

/** Milliseconds of the wall clock. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
