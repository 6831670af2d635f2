import { constants } from "node:os";
import type Docker from "dockerode";
import { formatSpan } from "../domain/time.ts";
import { ranMs } from "./observe.ts";

/** How a container ended, as it goes on after its name: `exited with code 1 after 2.0 s`. */
export function describeExit(info: Pick<Docker.ContainerInspectInfo, "State" | "HostConfig">): string {
  const ran = ranMs(info);
  const after = ran === null ? "" : ` after ${formatSpan(ran)}`;
  const { OOMKilled, ExitCode } = info.State;
  if (OOMKilled) {
    const limit = Math.round((info.HostConfig.Memory ?? 0) / 1024 ** 2);
    return `used more than its ${limit} MiB of memory and was killed${after}`;
  }
  const signal = ExitCode > 128 ? signalName(ExitCode - 128) : undefined;
  return `exited with code ${ExitCode}${signal ? ` (${signal})` : ""}${after}`;
}

/** `, four times`; nothing for one. */
export function timesInWords(count: number): string {
  if (count < 2) return "";
  return `, ${["", "", "twice", "three times", "four times", "five times"][count] ?? `${count} times`}`;
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
