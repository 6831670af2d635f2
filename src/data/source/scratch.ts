import type Docker from "dockerode";
import { EngineError } from "../../domain/errors.ts";
import { formatSpan } from "../../domain/time.ts";
import { allow } from "../../engine/docker.ts";
import { execute } from "../../engine/exec.ts";
import { describeExit } from "../../engine/exits.ts";
import { tail } from "../../engine/logs.ts";
import type { DataHost } from "../data-host.ts";
import { ensureVolume } from "../data-volume.ts";
import type { Running } from "../seed/tool.ts";
import type { MaskingDatabase } from "./database/database.ts";
import { maskingDatabaseOf } from "./database/of-image.ts";

/** A database of ours for a while: on a volume of its own, in the operator's image, reached by nobody. */
export type Scratch = AsyncDisposable & {
  container: string;
  database: MaskingDatabase;
  /** Its environment, and what is run in it. */
  running: Running;
  /** Ends it so that its files say all it knows. Throws EngineError `source-failed`. */
  stop(): Promise<void>;
  /** Every file of its volume, as one archive. */
  archive(): AsyncIterable<Buffer>;
};

export type ScratchWish = {
  /** Of the volume; the container is named after it. */
  name: string;
  labels: Record<string, string>;
  imageId: string;
  memoryBytes: number;
  source: string;
};

const readyMs = 120_000;
const stopSeconds = 300;

/** What the official images need to set a database up and to give up being root; nothing else. */
const capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/** Starts a database on an empty volume and waits until it answers. Whatever goes wrong, nothing is left. Throws EngineError `source-failed`. */
export async function startScratch(host: DataHost, wish: ScratchWish, signal: AbortSignal): Promise<Scratch> {
  const { docker } = host;
  const { name, labels, imageId, memoryBytes, source } = wish;
  const container = `${name}.db`;
  const discard = async (): Promise<void> => {
    await allow(docker.getContainer(container).remove({ force: true, v: true }), 404, 409);
    await allow(docker.getVolume(name).remove(), 404, 409);
  };
  try {
    const { Config } = await docker.getImage(imageId).inspect();
    const database = maskingDatabaseOf(Config);
    if (database === undefined)
      throw scratchFailed(source, "its image is none of Postgres, MariaDB and MySQL, which are what can be masked");
    const start = database.start(Config, { password: host.randomId(32), memoryBytes });
    const target = dataPlace(start.folder, Object.keys(Config.Volumes ?? {}));
    await ensureVolume(docker, { name, labels });
    signal.throwIfAborted();
    await docker.createContainer({
      name: container,
      Image: imageId,
      Labels: labels,
      Env: start.env,
      Cmd: start.command,
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        NetworkMode: "none",
        Memory: memoryBytes,
        MemorySwap: memoryBytes,
        PidsLimit: 256,
        ShmSize: Math.min(256 * 1024 ** 2, memoryBytes),
        CapDrop: ["ALL"],
        CapAdd: capabilities,
        SecurityOpt: ["no-new-privileges"],
        LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
        Mounts: [
          { Type: "volume", Source: name, Target: target, VolumeOptions: { NoCopy: true } },
        ] as unknown as Docker.MountSettings[],
      },
    });
    await docker.getContainer(container).start();
    const running: Running = {
      service: source,
      environment: environmentOf([...(Config.Env ?? []), ...start.env]),
      command: [],
      execute: (call) => execute(host, container, { ...call, signal }),
    };
    await awaitAnswer(host, { container, running, source, command: database.tool.readyCheck(running) }, signal);
    return {
      container,
      database,
      running,
      stop: () => stop(docker, container, source),
      archive: () => archiveOf(docker, container, { target, signal }),
      [Symbol.asyncDispose]: discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

/**
 * Where the volume is mounted, so that all of a database's files are in it, and in no other that the image declares:
 * they are what is searched.
 */
export function dataPlace(folder: string, declared: readonly string[]): string {
  const bare = (path: string) => path.replace(/\/+$/, "");
  const around = declared.map(bare).filter((path) => `${bare(folder)}/`.startsWith(`${path}/`));
  return around.toSorted((a, b) => b.length - a.length)[0] ?? bare(folder);
}

/** `words` may hold what nobody but the operator should read. */
function scratchFailed(source: string, why: string, words?: string): EngineError {
  return new EngineError("source-failed", `the source ${source} could not be masked: ${why}`, {
    ...(words !== undefined && { cause: new Error(words) }),
  });
}

type Awaited = { container: string; running: Running; source: string; command: string[] };

/** Asked by us: while its image sets it up it answers on its socket only. */
async function awaitAnswer(
  host: DataHost,
  { container, running, source, command }: Awaited,
  signal: AbortSignal,
): Promise<void> {
  const { docker, clock } = host;
  const until = clock.now() + readyMs;
  for (;;) {
    const answer = await allow(running.execute({ command }), 409);
    if (answer?.exitCode === 0) return;
    const info = await docker.getContainer(container).inspect();
    const words = (): Promise<string> => tail(docker, container, 20).then((lines) => lines.join("\n"));
    if (!info.State.Running) throw scratchFailed(source, `its database ${describeExit(info)}`, await words());
    if (clock.now() > until)
      throw scratchFailed(source, `its database did not start in ${formatSpan(readyMs)}`, await words());
    await clock.sleep(100, signal);
  }
}

async function stop(docker: Docker, container: string, source: string): Promise<void> {
  await allow(docker.getContainer(container).stop({ t: stopSeconds }), 304);
  const info = await docker.getContainer(container).inspect();
  if (info.State.ExitCode !== 0) throw scratchFailed(source, `its database ${describeExit(info)}`);
}

async function* archiveOf(
  docker: Docker,
  container: string,
  { target, signal }: { target: string; signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const archive = await docker.getContainer(container).getArchive({ path: target, abortSignal: signal });
  yield* archive as unknown as AsyncIterable<Buffer>;
  signal.throwIfAborted();
}

function environmentOf(entries: readonly string[]): Map<string, string> {
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}
