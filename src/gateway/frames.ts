/** Follows the frames of one side of a WebSocket (RFC 6455 section 5.2), so that something can be said between two of them. */
export type Frames = {
  /** Reads on; answers how many bytes of the piece end the frame that was under way, null if it goes on behind them. */
  readonly read: (piece: Buffer) => number | null;
  /** Whether the next byte begins a frame. */
  readonly isBetween: () => boolean;
  /** Whether a whole close frame went by: nothing may follow it. */
  readonly hasClosed: () => boolean;
};

const closeOpcode = 0x8;
/** Two bytes, a length of up to eight, a mask of four. */
const mostHeadBytes = 14;

/** Begins at the first byte behind the handshake. Extensions change what frames hold, not where they end. */
export function followFrames(): Frames {
  const head = Buffer.alloc(mostHeadBytes);
  /** Of the head that is not whole yet. */
  let headBytes = 0;
  /** Of the payload, still to come; null while a head is read. */
  let left: bigint | null = null;
  let closed = false;

  /** The payload's length once the head is whole. */
  function payloadBytes(): bigint | null {
    if (headBytes < 2) return null;
    const second = head.readUInt8(1);
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (headBytes < 2 + lengthBytes + (second >= 0x80 ? 4 : 0)) return null;
    if (lengthBytes === 0) return BigInt(short);
    return lengthBytes === 2 ? BigInt(head.readUInt16BE(2)) : head.readBigUInt64BE(2);
  }

  function endFrame(): void {
    if ((head.readUInt8(0) & 0x0f) === closeOpcode) closed = true;
    headBytes = 0;
    left = null;
  }

  return {
    read(piece) {
      let firstEnd: number | null = headBytes === 0 ? 0 : null;
      for (let at = 0; at < piece.length;) {
        if (left === null) {
          head[headBytes++] = piece[at++] ?? 0;
          left = payloadBytes();
        } else {
          const taken = left < BigInt(piece.length - at) ? Number(left) : piece.length - at;
          left -= BigInt(taken);
          at += taken;
        }
        if (left !== 0n) continue;
        endFrame();
        firstEnd ??= at;
      }
      return firstEnd;
    },
    isBetween: () => headBytes === 0,
    hasClosed: () => closed,
  };
}

/** A close frame of a server: a code of RFC 6455 section 7.4 (1012: IANA's registry) and a reason of at most 123 bytes. */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason);
  const frame = Buffer.from([0x80 | closeOpcode, 2 + text.length, 0, 0, ...text]);
  frame.writeUInt16BE(code, 2);
  return frame;
}
