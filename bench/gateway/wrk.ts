import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Contender, type Field, cores, host, ports } from "./field.ts";

/** `cpuUs`: processor time of the contender for each request. */
export type Blow = {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/** Lets wrk ask one of the contenders for so long; throws if any answer was not 200. */
export async function wrk(
  field: Pick<Field, "cpuMs">,
  contender: Contender,
  { path, connections, seconds }: { path: string; connections: number; seconds: number },
): Promise<Blow> {
  const words = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "--latency", "-H", `Host: ${host}`];
  const url = `http://127.0.0.1:${ports[contender]}/${path}`;
  const before = field.cpuMs(contender);
  const { stdout } = await promisify(execFile)("taskset", ["-c", cores.rest, "wrk", ...words, url]);
  const wrong = /Non-2xx.*|Socket errors.*/.exec(stdout)?.[0];
  if (wrong !== undefined) throw new Error(`${contender}: ${wrong}`);
  return {
    perSecond: Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]),
    cpuUs: ((field.cpuMs(contender) - before) * 1000) / Number(/(\d+) requests in/.exec(stdout)?.[1]),
    p50Ms: latencyOf(stdout, "50%"),
    p99Ms: latencyOf(stdout, "99%"),
  };
}

function latencyOf(text: string, part: string): number {
  const [, figure, unit = ""] = new RegExp(`${part}\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
  return Number(figure) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN);
}
