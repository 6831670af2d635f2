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

/** Begins at the first byte behind the handshake. Extensions change what frames hold, not where they end. */
export function followFrames(): Frames {
  /** The beginning of a head that is not whole yet. */
  let begun: Buffer | null = null;
  /** Of the frame under way, still to come. */
  let left = 0;
  let isClosing = false;
  let closed = false;

  return {
    read(piece) {
      let firstEnd: number | null = begun === null && left === 0 ? 0 : null;
      // Behind zero of the piece's own bytes; what was kept of a head lies before it.
      let at = begun === null ? 0 : -begun.length;
      const bytes = begun === null ? piece : Buffer.concat([begun, piece]);
      const offset = bytes.length - piece.length;
      begun = null;
      while (at < piece.length) {
        if (left === 0) {
          const size = headBytes(bytes, at + offset);
          if (size === null) {
            begun = Buffer.from(bytes.subarray(at + offset));
            break;
          }
          isClosing = ((bytes[at + offset] ?? 0) & 0x0f) === closeOpcode;
          left = payloadBytes(bytes, at + offset);
          at += size;
        }
        const taken = Math.min(left, piece.length - at);
        left -= taken;
        at += taken;
        if (left > 0) break;
        if (isClosing) closed = true;
        firstEnd ??= at;
      }
      return firstEnd;
    },
    isBetween: () => begun === null && left === 0,
    hasClosed: () => closed,
  };
}

/** How long the head of a frame is that begins there; null if not all of it is there. */
function headBytes(bytes: Buffer, at: number): number | null {
  const second = bytes[at + 1];
  if (second === undefined) return null;
  const short = second & 0x7f;
  const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second >= 0x80 ? 4 : 0);
  return at + size <= bytes.length ? size : null;
}

function payloadBytes(bytes: Buffer, at: number): number {
  const short = (bytes[at + 1] ?? 0) & 0x7f;
  if (short < 126) return short;
  return short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}

/** A close frame of a server: a code of RFC 6455 section 7.4 (1012: IANA's registry) and a reason of at most 123 bytes. */
export function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason);
  const frame = Buffer.from([0x80 | closeOpcode, 2 + text.length, 0, 0, ...text]);
  frame.writeUInt16BE(code, 2);
  return frame;
}
