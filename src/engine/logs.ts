import { PassThrough, Readable } from "node:stream";
import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import { allow, parseTime } from "./docker.ts";
import { cleanLine, createLogSplitter } from "./log-lines.ts";
import { ownedBy } from "./ownership.ts";

/** One line that a service wrote; `at` in epoch milliseconds. */
export type LogLine = { service: string; line: string; at: number };

/** The last `count` lines of a container, oldest first, clean; none when it is gone. Throws EngineError. */
export async function tail(docker: Docker, container: string, count: number): Promise<string[]> {
  const handle = docker.getContainer(container);
  const info = await allow(handle.inspect(), 404);
  const output = info && (await allow(handle.logs({ stdout: true, stderr: true, tail: count }), 404, 409));
  if (!info || !output) return [];
  const lines: string[] = [];
  const splitter = createLogSplitter(!info.Config.Tty, (line) => lines.push(cleanLine(line)));
  splitter.write(output);
  splitter.end();
  return lines.slice(-count);
}

/**
 * The lines of a preview's containers (or of one service's) from `tail` lines back, and as they come when `live`,
 * until the signal or the containers end. Lines of different containers are not sorted. Throws EngineError.
 */
export async function* follow(
  docker: Docker,
  target: { server: string; preview: string; service?: string },
  options: { tail: number; live: boolean; signal: AbortSignal },
): AsyncGenerator<LogLine> {
  const filters = ownedBy(target.server, target.preview);
  const found = await docker.listContainers({ all: true, filters });
  const services = found.filter(({ Labels }) => Labels[labels.service] !== undefined);
  const wanted = services.filter(({ Labels }) => !target.service || Labels[labels.service] === target.service);
  const merged = new PassThrough({ objectMode: true });
  let open = wanted.length;
  if (open === 0) return;
  for (const { Id, Labels } of wanted) {
    const source = Readable.from(containerLines(docker, { id: Id, service: Labels[labels.service] ?? "" }, options));
    source.on("error", (error) => merged.destroy(error));
    source.on("end", () => --open === 0 && merged.end());
    source.pipe(merged, { end: false });
    merged.once("close", () => source.destroy());
  }
  try {
    yield* merged as AsyncIterable<LogLine>;
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    merged.destroy();
  }
}

async function* containerLines(
  docker: Docker,
  container: { id: string; service: string },
  options: { tail: number; live: boolean; signal: AbortSignal },
): AsyncGenerator<LogLine> {
  const handle = docker.getContainer(container.id);
  const info = await allow(handle.inspect(), 404);
  if (info === null) return;
  const call = { stdout: true, stderr: true, timestamps: true, tail: options.tail };
  const abortSignal = options.signal;
  const output = options.live
    ? await handle.logs({ ...call, follow: true, abortSignal })
    : Readable.from([await handle.logs({ ...call, follow: false, abortSignal })]);
  let lines: LogLine[] = [];
  const splitter = createLogSplitter(!info.Config.Tty, (line) => lines.push(toLine(container.service, line)));
  try {
    for await (const chunk of output) {
      splitter.write(chunk as Buffer);
      yield* lines;
      lines = [];
    }
    splitter.end();
    yield* lines;
  } finally {
    (output as Readable).destroy();
  }
}

/** The engine puts an RFC 3339 timestamp and a space before each line. */
function toLine(service: string, line: string): LogLine {
  const space = line.indexOf(" ");
  return { service, line: cleanLine(line.slice(space + 1)), at: parseTime(line.slice(0, space)) ?? 0 };
}
