import { expect, test } from "vitest";
import { closeFrame, followFrames } from "../../src/gateway/frames.ts";

/** A binary frame, by RFC 6455 section 5.2; what it holds looks like close frames. */
function frame(bytes: number, mask: boolean): Buffer {
  const length = Buffer.alloc(bytes < 126 ? 1 : bytes < 65_536 ? 3 : 9);
  if (bytes < 126) length.writeUInt8(bytes);
  else if (bytes < 65_536) length.writeUIntBE(126 * 65_536 + bytes, 0, 3);
  else length.fill(127, 0, 1).writeBigUInt64BE(BigInt(bytes), 1);
  if (mask) length.writeUInt8(length.readUInt8(0) | 0x80);
  return Buffer.concat([Buffer.from([0x82]), length, Buffer.alloc(mask ? 4 : 0, 7), Buffer.alloc(bytes, 0x88)]);
}

test.each([false, true])("frames of every size of length are followed, in pieces of any size (masked: %s)", (mask) => {
  const frames = [0, 1, 125, 126, 65_535, 65_536].map((bytes) => frame(bytes, mask));
  const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
  const bytes = Buffer.concat(frames);
  for (const size of [1, 2, 3, 7, 1000, bytes.length]) {
    const seen = followFrames();
    const wrong: number[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      const wasBetween = seen.isBetween();
      const end = ends.find((each) => each > at);
      const expected = wasBetween ? 0 : end !== undefined && end <= at + piece.length ? end - at : null;
      if (seen.read(piece) !== expected || seen.isBetween() !== ends.includes(at + piece.length)) wrong.push(at);
    }
    expect(wrong).toEqual([]);
    expect(seen.hasClosed()).toBe(false);
  }
});

test("a close frame is known once it is whole", () => {
  const seen = followFrames();
  seen.read(frame(200_000, false));
  const close = closeFrame(1012, "a new version");
  seen.read(close.subarray(0, -1));
  expect(seen.hasClosed()).toBe(false);
  seen.read(close.subarray(-1));
  expect(seen.hasClosed()).toBe(true);
});
