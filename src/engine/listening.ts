import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import type { Clock } from "../domain/time.ts";
import { execute } from "./exec.ts";

/** A socket that waits for connections inside a container. */
export type Listener = { address: string; port: number };

/**
 * Why nothing is reached at `port`, as it goes on after "did not become ready: "; null when the container cannot tell
 * (it has no `cat`). Never throws for what the container does.
 */
export async function describeListening(
  host: { docker: Docker; clock: Clock },
  container: string,
  port: number,
): Promise<string | null> {
  const listeners = await readListeners(host, container);
  if (listeners === null) return null;
  const here = listeners.find((each) => each.port === port);
  if (here) return isLoopback(here) ? `it listens on ${here.address}:${port}, not on 0.0.0.0:${port}` : null;
  const others = [...new Set(listeners.filter((each) => !isLoopback(each)).map((each) => each.port))];
  const instead = others.length > 0 ? `; it listens on ${others.toSorted((a, b) => a - b).join(", ")}` : "";
  return `nothing listens on port ${port}${instead}`;
}

/**
 * Reads `/proc/net/tcp` and `tcp6` (proc(5)): local address in hexadecimal, each 32-bit word in host order, state 0A =
 * listening. The engine's own resolver at 127.0.0.11 is left out. Sockets bound to every address read `0.0.0.0`.
 */
export function parseListeners(text: string): Listener[] {
  return text.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [hex = "", port = ""] = local.split(":");
    if (state !== "0A") return [];
    const address = readAddress(hex);
    return address === "127.0.0.11" ? [] : [{ address, port: Number.parseInt(port, 16) }];
  });
}

function readAddress(hex: string): string {
  if (/^0+$/.test(hex)) return "0.0.0.0";
  if (hex === "00000000000000000000000001000000") return "[::1]";
  // The last word of an IPv4 address, mapped (`::ffff:a.b.c.d`) or not.
  if (hex.length === 8 || hex.startsWith("0000000000000000FFFF0000")) {
    return [...Buffer.from(hex.slice(-8), "hex")].toReversed().join(".");
  }
  return `[${hex}]`;
}

function isLoopback({ address }: Listener): boolean {
  return address.startsWith("127.") || address === "[::1]";
}

async function readListeners(host: { docker: Docker; clock: Clock }, container: string): Promise<Listener[] | null> {
  const signal = AbortSignal.timeout(2000);
  try {
    const { lines } = await execute(host, container, { command: ["cat", "/proc/net/tcp", "/proc/net/tcp6"], signal });
    return lines.some((line) => line.includes("local_address")) ? parseListeners(lines.join("\n")) : null;
  } catch (error) {
    // Only a better wording is lost: the container stopped, or does not answer in time.
    if (error instanceof EngineError || signal.aborted) return null;
    throw error;
  }
}
