import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** For each address: milliseconds of the requests answered with 200, and how many were not. */
export type Report = { taken: number[][]; failed: number[] };

export type SteadyLoad = {
  /** What came of the requests since the last report. */
  report(): Promise<Report>;
  stop(): void;
};

/** Asks each address (`IP:PORT`) so many times a second, from a process of its own: nothing that the bench does holds it up. */
export function startSteady(options: { perSecond: number; host: string; addresses: readonly string[] }): SteadyLoad {
  const { perSecond, host, addresses } = options;
  const load = fork(join(import.meta.dirname, "steady.ts"), [String(perSecond), host, ...addresses]);
  return { report: () => reportOf(load), stop: () => void load.kill() };
}

async function reportOf(load: ChildProcess): Promise<Report> {
  const answer = once(load, "message");
  load.send("report");
  const [told] = (await answer) as [Report];
  return told;
}
