import { formatSpan } from "../domain/time.ts";
import { type Check, fail, ok, warn } from "./check.ts";

const gib = 1024 ** 3;

/**
 * Room for images and data where the engine keeps them, in `folder`; null where that cannot be seen from here. Below
 * `reserveBytes` Mayfly frees what can be had again.
 */
export function checkDisk(
  seen: { path: string; freeBytes: number; totalBytes: number } | null,
  { folder, reserveBytes }: { folder: string; reserveBytes: number },
): Check {
  if (seen === null)
    return warn(
      "disk",
      `how much is free in the engine's ${folder} cannot be seen from here: builds go on until it is full`,
      "Run Mayfly on the engine's machine, or watch that disk yourself and make room below 10 GiB.",
    );
  const { path, freeBytes, totalBytes } = seen;
  const said = `${(freeBytes / gib).toFixed(1)} GiB of ${(totalBytes / gib).toFixed(0)} GiB are free at ${path}`;
  const hint = "Make room: `docker system df` shows what takes it.";
  if (freeBytes < 2 * gib) return fail("disk", said, hint);
  if (freeBytes < reserveBytes)
    return warn("disk", `${said}, less than disk.reserve: what can be had again goes while Mayfly runs`, hint);
  return freeBytes < 10 * gib ? warn("disk", said, hint) : ok("disk", said);
}

/** Memory for previews; null where that cannot be seen from here. Below `reserveBytes` nothing more is started. */
export function checkMemory(seen: { availableBytes: number; totalBytes: number } | null, reserveBytes: number): Check {
  if (seen === null)
    return warn(
      "memory",
      "how much is free on the engine's machine cannot be seen from here: previews start until it is used up",
      "Run Mayfly on the engine's machine, or set `max` and `limits` so that all of them fit.",
    );
  const said = `${(seen.availableBytes / gib).toFixed(1)} GiB of ${(seen.totalBytes / gib).toFixed(1)} GiB are available`;
  if (seen.availableBytes >= reserveBytes) return ok("memory", said);
  return warn(
    "memory",
    `${said}, less than memory.reserve: previews sleep and wait for each other`,
    "Give the machine more, or look for what else uses it: `ps aux --sort=-rss`.",
  );
}

/** Whether a build's memory can be limited: null when it can, else why not. */
export function checkBuilds(memoryBytes: number, problem: string | null): Check {
  if (problem === null) return ok("builds", `a build may use ${(memoryBytes / gib).toFixed(1)} GiB of memory`);
  return warn(
    "builds",
    `builds.memory does not hold: a build may use all memory that there is (${problem})`,
    "`mayfly doctor --fix` as root prepares it; it is gone after a reboot, so run it then (docs/operations.md).",
  );
}

/** git's version, as `git --version` tells it; null when there is none. */
export function checkGit(said: string | null): Check {
  const [, version = "", major = "0", minor = "0"] = /((\d+)\.(\d+)[\d.]*)/.exec(said ?? "") ?? [];
  const hint = "Install git 2.30 or newer.";
  if (said === null) return fail("git", "there is no git", hint);
  return Number(major) * 1000 + Number(minor) < 2030
    ? fail("git", `git ${version} is too old`, hint)
    : ok("git", `git ${version}`);
}

/** Our clock against GitHub's; `skewMs` is null when GitHub could not be asked. */
export function checkClock(skewMs: number | null): Check {
  if (skewMs === null)
    return warn("clock", "the clock could not be compared with GitHub's", "See what is said of GitHub.");
  const said = `the clock is ${formatSpan(Math.abs(skewMs))} ${skewMs > 0 ? "ahead of" : "behind"} GitHub's`;
  const hint = "Let it be set by NTP: timedatectl set-ntp true";
  // An App's assertion lives for ten minutes and may not be from the future.
  if (Math.abs(skewMs) > 60_000) return fail("clock", said, hint);
  return Math.abs(skewMs) > 10_000 ? warn("clock", said, hint) : ok("clock", "the clock agrees with GitHub's");
}

/** The state folder: null when it can be written. */
export function checkState(folder: string, problem: string | null): Check {
  if (problem === null) return ok("state", `${folder} is ours to write`);
  return fail("state", `${folder} cannot be written: ${problem}`, "Give it to the user that Mayfly runs as.");
}

/** `net.ipv4.tcp_migrate_req` as the kernel tells it; null where there is none. */
export function checkHandover(setting: string | null): Check {
  if (setting === "1") return ok("handover", "an upgrade hands over connections that nobody took yet");
  return warn(
    "handover",
    "an upgrade of Mayfly may reset a connection that arrives in that very moment",
    "sysctl -w net.ipv4.tcp_migrate_req=1 (docs/operations.md)",
  );
}
