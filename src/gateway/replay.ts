import { Duplex } from "node:stream";
import type { Wire } from "./wires.ts";

/**
 * A wire whose request is on its way, for Node's own client: what that writes, the same request once more, is swallowed, and it reads the
 * answer from the first byte. Never given back: what Node's parser left on the socket cannot be known.
 */
export function replay(wire: Wire, first: Buffer): Duplex {
  const { socket } = wire;
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (_chunk, _encoding, done) => done(),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  wire.lendTo({
    onData(bytes) {
      if (!duplex.push(bytes)) socket.pause();
    },
    onGone(error) {
      if (error === null) duplex.push(null);
      else duplex.destroy(error);
    },
  });
  duplex.push(first);
  return duplex;
}
