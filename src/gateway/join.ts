import type { Duplex } from "node:stream";
import type { Parting } from "./drain.ts";
import { closeFrame, followFrames } from "./frames.ts";

/** The two ends of a WebSocket, after its 101. */
export type WebSocketEnds = {
  readonly client: Duplex;
  readonly upstream: Duplex;
  /** Called for each piece of traffic, either way. */
  readonly onTraffic: () => void;
};

export type Joined = {
  /** Tells the client, between two frames of the application, that its WebSocket is over; once. */
  readonly leave: (why: Parting) => void;
  /** Ends it, told if that can be done at once. */
  readonly cut: () => void;
};

/** RFC 6455 section 7.4.1, and IANA's registry of close codes: 1012 lets the client come back at once. */
const partings: Record<Parting, Buffer> = {
  replaced: closeFrame(1012, "a new version took over"),
  away: closeFrame(1001, "going away"),
};
/** For what was written to arrive, and for the other side to say that it heard. */
const lingerMs = 1000;

/** Carries what each end of a WebSocket sends to the other, and can tell the client that it is over in the words of the protocol. */
export function joinWebSocket({ client, upstream, onTraffic }: WebSocketEnds): Joined {
  const down = followFrames();
  const up = followFrames();
  let parting: Parting | null = null;
  let isTold = false;
  let isEnding = false;

  upstream.on("data", (piece: Buffer) => {
    onTraffic();
    // Nothing may follow our close frame.
    if (isTold || !client.writable) return;
    const end = down.read(piece);
    if (parting === null || end === null || down.hasClosed()) {
      pass(piece);
      return;
    }
    pass(piece.subarray(0, end));
    say(parting);
  });
  // No half of a WebSocket is of use, whatever the other side makes of its end.
  upstream.on("end", endSoon);
  client.on("end", endSoon);
  client.on("data", (piece: Buffer) => {
    onTraffic();
    up.read(piece);
    // The application hears it too; it need not answer.
    if (isTold && up.hasClosed()) endSoon();
  });
  client.pipe(upstream);
  client.on("error", () => upstream.destroy()).once("close", () => upstream.destroy());
  upstream
    .on("error", () => client.destroy())
    .once("close", () => {
      // What it wrote last may be on its way still.
      if (!client.writableEnded) client.destroy();
    });

  function pass(piece: Buffer): void {
    if (client.write(piece)) return;
    upstream.pause();
    client.once("drain", () => upstream.resume());
  }

  function say(why: Parting): void {
    isTold = true;
    if (client.writable) client.write(partings[why]);
    upstream.resume();
  }

  function endSoon(): void {
    if (isEnding) return;
    isEnding = true;
    client.end();
    const timer = setTimeout(() => client.destroy(), lingerMs);
    client.once("close", () => clearTimeout(timer));
  }

  function leave(why: Parting): void {
    if (parting !== null || down.hasClosed()) return;
    parting = why;
    if (down.isBetween()) say(why);
  }

  return {
    leave,
    cut() {
      leave("away");
      endSoon();
    },
  };
}
