import { type Socket, connect } from "node:net";
import { failureError } from "./failure.ts";
import type { Upstream } from "./upstream.ts";

/** Whoever has a wire is told all that happens on it. */
export type Borrower = {
  readonly onData: (bytes: Buffer) => void;
  /** Nothing more comes; with the socket's error if it was one. Called once, and never after `giveBack`. */
  readonly onGone: (error: NodeJS.ErrnoException | null) => void;
};

/** A kept socket towards an upstream, lent to one exchange at a time. */
export type Wire = {
  readonly socket: Socket;
  /** It served a request before, and may have been closing when it was lent. */
  readonly isReused: boolean;
  /** Hands what is still to come to somebody else. */
  readonly lendTo: (borrower: Borrower) => void;
  /** The exchange is over and nothing of it is left on the socket. */
  readonly giveBack: () => void;
};

export type Wires = {
  readonly borrow: (upstream: Upstream, borrower: Borrower) => Wire;
  readonly dropIdle: (upstream: Upstream) => void;
  readonly close: () => void;
};

export type WireLimits = { readonly connectTimeoutMs: number; readonly idleTimeoutMs: number };

/** More to one upstream than this are not kept when nobody uses them. */
const mostIdle = 256;

/** Opens and keeps sockets, the one last used lent first: it is the least likely to be closing. */
export function createWires({ connectTimeoutMs, idleTimeoutMs }: WireLimits): Wires {
  const idle = new Map<string, Kept[]>();
  const nameOf = ({ address, port }: Upstream): string => `${address} ${port}`;
  let closed = false;

  function open(upstream: Upstream, first: Borrower): Kept {
    const { address: host, port } = upstream;
    const name = nameOf(upstream);
    const socket = connect({ host, port, noDelay: true });
    const kept: Kept = {
      socket,
      isReused: false,
      borrower: first,
      lendTo: (borrower) => void (kept.borrower = borrower),
      giveBack() {
        kept.borrower = null;
        kept.isReused = true;
        const all = idle.get(name) ?? [];
        if (closed || socket.destroyed || all.length >= mostIdle) socket.destroy();
        else if (all.push(kept) === 1) idle.set(name, all);
      },
    };
    const timer = setTimeout(() => socket.destroy(failureError("MAYFLY_CONNECT_TIMEOUT")), connectTimeoutMs);
    const clear = (): void => clearTimeout(timer);
    const gone = (error: NodeJS.ErrnoException | null): void => {
      const { borrower } = kept;
      kept.borrower = null;
      if (borrower === null) forget(name, kept);
      else borrower.onGone(error);
      socket.destroy();
    };
    socket.once("connect", clear).once("close", clear);
    socket.setTimeout(idleTimeoutMs, () => {
      if (kept.borrower === null) socket.destroy();
    });
    // What nobody asked for is no answer to the next request.
    socket.on("data", (bytes) => (kept.borrower === null ? socket.destroy() : kept.borrower.onData(bytes)));
    socket.on("end", () => gone(null));
    socket.on("error", gone);
    socket.on("close", () => gone(null));
    return kept;
  }

  function forget(name: string, kept: Kept): void {
    const all = idle.get(name);
    const at = all?.indexOf(kept) ?? -1;
    if (at !== -1) all?.splice(at, 1);
    if (all?.length === 0) idle.delete(name);
  }

  return {
    borrow(upstream, borrower) {
      const kept = idle.get(nameOf(upstream))?.pop();
      if (kept === undefined) return open(upstream, borrower);
      kept.borrower = borrower;
      return kept;
    },
    dropIdle(upstream) {
      for (const { socket } of idle.get(nameOf(upstream)) ?? []) socket.destroy();
    },
    close() {
      closed = true;
      for (const { socket } of [...idle.values()].flat()) socket.destroy();
    },
  };
}

type Kept = Wire & { isReused: boolean; borrower: Borrower | null };
