import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile, statfs } from "node:fs/promises";
import { Resolver } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import type { Taken } from "./engine-checks.ts";

const timeoutMs = 5000;

/** What a program prints; null when there is none, or it may not or cannot do it. */
export async function printed(program: string, ...args: string[]): Promise<string | null> {
  try {
    // Administrators' programs are not on everybody's PATH.
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
    return (await promisify(execFile)(program, args, { timeout: timeoutMs, env })).stdout;
  } catch {
    // Whatever the reason: the caller tells what that means for what it wanted to know.
    return null;
  }
}

/** A setting of the kernel, by its path under /proc/sys; null where there is none. */
export async function kernelSetting(path: string): Promise<string | null> {
  // An older kernel, or none of Linux: there is no such setting, which is the answer.
  return (await readFile(`/proc/sys/${path}`, "utf8").catch(() => null))?.trim() ?? null;
}

/** Free and whole size of the file system at a path; null where it cannot be seen. */
export async function space(path: string): Promise<{ path: string; freeBytes: number; totalBytes: number } | null> {
  // Whatever keeps it from being seen, its size is unknown, and the check says so.
  const found = await statfs(path).catch(() => null);
  return found && { path, freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize };
}

/** Why a folder cannot be written; null when it can. */
export async function writeProblem(folder: string): Promise<string | null> {
  return access(folder, constants.W_OK).then(
    () => null,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
}

/** The addresses of a name, by DNS alone; empty when it has none. */
export async function resolveName(name: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: timeoutMs / 2, tries: 2 });
  const none = (): string[] => [];
  const [four, six] = await Promise.all([resolver.resolve4(name).catch(none), resolver.resolve6(name).catch(none)]);
  return [...four, ...six];
}

/** This machine's own addresses. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

/** The engine's own, by the names it gives: networks come and go while we look, and are judged by its list. */
const engineBridge = /^(docker0|br-[0-9a-f]{12})$/;

/** The IPv4 routes of this host but the default one and those to the engine's networks (Linux; proc(5), /proc/net/route). */
export async function hostRoutes(): Promise<Taken[]> {
  const text = await readFile("/proc/net/route", "utf8").catch(() => "");
  return text.split("\n").slice(1).flatMap(readRoute);
}

function readRoute(line: string): Taken[] {
  const [device = "", destination = "", , , , , , mask = ""] = line.trim().split(/\s+/);
  const size = 2 ** 32 - number(mask);
  if (mask === "" || size === 2 ** 32 || engineBridge.test(device)) return [];
  const base = number(destination);
  const text = [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".");
  return [{ what: `${text}/${32 - Math.log2(size)} (${device})`, base, size }];
}

/** Hexadecimal, least significant byte first. */
function number(hex: string): number {
  return Buffer.from(hex.padStart(8, "0"), "hex").readUInt32LE();
}

/** What answers at a URL: `text` of its first bytes, or the `problem`. */
export async function fetchText(url: string): Promise<{ status: number; text: string } | { problem: string }> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, text: (await response.text()).slice(0, 1000) };
  } catch (error) {
    const { cause, message } = error as Error;
    return { problem: cause instanceof Error ? cause.message : message };
  }
}
