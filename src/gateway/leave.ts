import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Drain } from "./drain.ts";

export type LeaveOptions = {
  /** What is under way may take this long; then it is cut. */
  readonly timeoutMs: number;
  /** The same for WebSockets and event streams, which come back by themselves. `timeoutMs` by default. */
  readonly streamsMs?: number;
  /**
   * Where another process listens on the same port: kept connections may send one more request for so long, which is answered and told to
   * come anew. Closed at once, they would meet a request that is on its way. 0 by default.
   */
  readonly lingerMs?: number;
  /** Called once when nothing new can reach our own site any more. */
  readonly onDeaf?: () => void;
};

/** What a server is doing, as its owner keeps it. */
export type UnderWay = {
  readonly server: Server;
  readonly sockets: ReadonlySet<Socket>;
  readonly answering: ReadonlySet<ServerResponse>;
  /** Those of `answering` that our own site gives. */
  readonly ours: ReadonlySet<ServerResponse>;
  readonly drain: Drain;
  /** Kept connections are of no use any more: called when the linger is over. */
  readonly onSilent: () => void;
};

/** Takes no new connections, lets what is under way end, and cuts the rest. The owner answers with `Connection: close` from now on. */
export async function leave(world: UnderWay, options: LeaveOptions): Promise<void> {
  const { server, sockets, answering, ours, drain } = world;
  const { timeoutMs, streamsMs = timeoutMs, lingerMs = 0, onDeaf } = options;
  // Answers whose head is not written yet will say so; the others' connections are closed when they end.
  for (const res of answering) if (!res.headersSent) res.shouldKeepAlive = false;
  const closed = once(server, "close");
  await stopAccepting(server);
  const timers = [
    setTimeout(() => drain.cutLong(), streamsMs),
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, timeoutMs),
  ];
  let tell = onDeaf;
  const sayDeaf = (): void => {
    tell?.();
    tell = undefined;
  };
  const fallSilent = async (): Promise<void> => {
    world.onSilent();
    server.closeIdleConnections();
    // Opened ahead of a request that did not come: Node counts them as under way.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    for (const res of ours) await once(res, "close");
    sayDeaf();
  };
  if (lingerMs === 0) void fallSilent();
  else timers.push(setTimeout(() => void fallSilent(), lingerMs));
  await closed;
  for (const timer of timers) clearTimeout(timer);
  sayDeaf();
}

/**
 * Closes the listening socket in a turn of the event loop that found nobody waiting: the kernel resets connections that it has taken and we
 * have not. What is left of that window `net.ipv4.tcp_migrate_req` closes (docs/operations.md).
 */
async function stopAccepting(server: Server): Promise<void> {
  let isQuiet = false;
  const hear = (): void => void (isQuiet = false);
  server.on("connection", hear);
  for (let turn = 0; !isQuiet && turn < mostTurns; turn++) {
    isQuiet = true;
    await nextTurn();
  }
  server.off("connection", hear);
  // Not http's own close, which ends kept connections as well.
  NetServer.prototype.close.call(server);
}

/** Under a load that never pauses the socket is closed all the same. */
const mostTurns = 500;
