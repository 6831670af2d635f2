import type Docker from "dockerode";
import { pack } from "tar-stream";
import type { Listener, LookedInto } from "../domain/facts.ts";
import { previewLabels } from "../domain/labels.ts";
import { allow } from "./docker.ts";
import { tail } from "./logs.ts";
import { ensureOwnImage } from "./own-image.ts";
import { socketProgram } from "./socket-program.ts";

/** A table has a line for each connection, and a service under load thousands. */
const mostLines = 20_000;

/**
 * The sockets that listen in a running container, whatever its image holds: a program of ours is started beside it, in
 * its network, and reads the kernel's table. Null on a processor that we have no program for. Throws EngineError, as
 * when the container has ended.
 */
export async function readListeners(
  host: { docker: Docker; server: string },
  { container, preview, generation }: LookedInto,
  architecture: string,
  signal: AbortSignal,
): Promise<Listener[] | null> {
  const program = socketProgram(architecture);
  if (program === null) return null;
  const { docker, server } = host;
  const image = await ensureOwnImage(host, { name: "sockets", archive: () => archiveOf(program) });
  const name = `${container}.sockets`;
  await allow(docker.getContainer(name).remove({ force: true }), 404, 409);
  const beside = await docker.createContainer({
    name,
    Image: image,
    Labels: previewLabels({ server, preview }, "helper", generation),
    User: "65534:65534",
    Entrypoint: ["/sockets"],
    HostConfig: {
      NetworkMode: `container:${container}`,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: 64 * 1024 ** 2,
      PidsLimit: 16,
      LogConfig: { Type: "json-file", Config: { "max-size": "4m", "max-file": "1" } },
    },
  });
  try {
    await beside.start();
    await beside.wait({ abortSignal: signal });
    return parseListeners((await tail(docker, name, mostLines)).join("\n"));
  } finally {
    await allow(beside.remove({ force: true }), 404, 409);
  }
}

function archiveOf(program: Buffer): NodeJS.ReadableStream {
  const archive = pack();
  archive.entry({ name: "sockets", mode: 0o755 }, program);
  archive.finalize();
  return archive as unknown as NodeJS.ReadableStream;
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
