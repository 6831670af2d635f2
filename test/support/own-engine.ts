import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createWriteStream } from "node:fs";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);

export type OwnEngine = AsyncDisposable & {
  /** For `engine.host`. */
  host: string;
  socket: string;
  /** For `network.pool`: the host reaches these addresses. */
  pool: string;
  /** Ends it as `systemctl stop docker` does: every container is stopped. */
  stop(): Promise<void>;
  /** Ends it and every container at once, as when the machine loses its power. */
  cutPower(): Promise<void>;
  start(): Promise<void>;
};

/**
 * A Docker engine of the test's own, to be stopped and started: in its own network namespace (two in one delete each
 * other's bridge), with its own folders, and routes so that its containers are reached as on one machine. Needs root.
 */
export async function createOwnEngine(options: { images: string[] }): Promise<OwnEngine> {
  const closing = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "mayfly-own-engine-"));
  closing.defer(() => rm(folder, { recursive: true, force: true }));
  const socket = join(folder, "docker.sock");
  const net = await ownNetwork();
  closing.use(net);
  let daemon: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const log = createWriteStream(join(folder, "log"), { flags: "a" });
    await once(log, "open");
    const words = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec")];
    const own = ["--pidfile", join(folder, "pid"), "-H", `unix://${socket}`];
    daemon = spawn("nsenter", [`--net=/run/netns/${net.name}`, "dockerd", ...words, ...own], {
      stdio: ["ignore", log, log],
    });
    await eventually(() => docker(socket, ["version"]), { timeoutMs: 30_000, everyMs: 100 });
    await net.openTo();
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const exited = once(daemon, "exit");
    daemon.kill(signal);
    await exited;
  };
  /** Shims and containerd outlive a killed engine, and so do the programs in its containers. */
  const killRest = async (): Promise<void> => {
    const { stdout } = await run("pgrep", ["-f", folder]).catch(() => ({ stdout: "" }));
    const shims = stdout
      .split("\n")
      .flatMap((line) => (Number(line) > 0 && Number(line) !== process.pid ? [Number(line)] : []));
    const inside = await Promise.all(shims.map((pid) => childrenOf(pid)));
    for (const pid of [...shims, ...inside.flat()]) kill(pid);
  };

  closing.defer(async () => {
    await end("SIGKILL");
    await killRest();
    const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
    for (const place of mounts.filter((each) => each.startsWith(folder)).toReversed())
      await run("umount", ["-l", place]);
  });
  try {
    await start();
    const pipe = `docker save ${options.images.join(" ")} | docker -H unix://${socket} load`;
    await run("sh", ["-c", pipe]);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
  return {
    host: `unix://${socket}`,
    socket,
    pool: net.pool,
    start,
    stop: () => end("SIGTERM"),
    async cutPower() {
      await end("SIGKILL");
      await killRest();
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

function docker(socket: string, words: string[]): Promise<unknown> {
  return run("docker", ["-H", `unix://${socket}`, ...words]);
}

/** A namespace of its own beside a link, and the way to the pool through it. */
async function ownNetwork(): Promise<AsyncDisposable & { name: string; pool: string; openTo(): Promise<void> }> {
  const { stdout } = await run("ip", ["-o", "netns", "list"]);
  const free = Array.from({ length: 20 }, (_, index) => index).find(
    (each) => !stdout.includes(`mayfly${each} `) && !stdout.split("\n").includes(`mayfly${each}`),
  );
  const name = `mayfly${free ?? 0}`;
  const [here, there] = [`10.99.${free ?? 0}.1`, `10.99.${free ?? 0}.2`];
  const pool = `10.${220 + (free ?? 0)}.0.0/16`;
  const ip = (words: string) => run("ip", words.split(" "));
  await ip(`netns add ${name}`);
  await ip(`link add ${name}h type veth peer name ${name}n netns ${name}`);
  await ip(`addr add ${here}/30 dev ${name}h`);
  await ip(`link set ${name}h up`);
  await ip(`-n ${name} addr add ${there}/30 dev ${name}n`);
  await ip(`-n ${name} link set ${name}n up`);
  await ip(`-n ${name} link set lo up`);
  await ip(`-n ${name} route add default via ${here}`);
  await ip(`route add ${pool} via ${there}`);
  return {
    name,
    pool,
    /** The engine closes the way from one link to another. */
    openTo: async () => {
      await run("nsenter", [
        `--net=/run/netns/${name}`,
        "iptables",
        "-I",
        "DOCKER-USER",
        "-i",
        `${name}n`,
        "-j",
        "ACCEPT",
      ]);
    },
    async [Symbol.asyncDispose]() {
      await ip(`link del ${name}h`);
      await ip(`netns del ${name}`);
    },
  };
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run("pgrep", ["-P", String(pid)]).catch(() => ({ stdout: "" }));
  const children = stdout
    .split("\n")
    .map(Number)
    .filter((each) => each > 0);
  return [...children, ...(await Promise.all(children.map(childrenOf))).flat()];
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself meanwhile.
  }
}
