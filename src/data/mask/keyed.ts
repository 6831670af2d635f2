import { createHmac, hash } from "node:crypto";

/** 32 bytes that nobody can foresee or turn back without the salt, and that are always the same for a text. */
export type Keyed = (text: string) => Buffer;

const blockBytes = 64;
const shortBytes = 600;

/**
 * HMAC-SHA256 under a key made from the salt for one purpose, so that nothing can be compared between purposes. Two
 * plain hashes, as RFC 2104 spells it: a call of `createHmac` for each of millions of values takes ten times as long.
 */
export function createKeyed(salt: string, purpose: string): Keyed {
  const key = createHmac("sha256", salt).update(purpose).digest();
  const inner = Buffer.concat([pad(key, 0x36), Buffer.alloc(shortBytes)]);
  const outer = Buffer.concat([pad(key, 0x5c), Buffer.alloc(32)]);
  return (text) => {
    // A UTF-16 unit has three bytes at most.
    const message =
      text.length * 3 <= shortBytes
        ? inner.subarray(0, blockBytes + inner.write(text, blockBytes))
        : Buffer.concat([inner.subarray(0, blockBytes), Buffer.from(text)]);
    hash("sha256", message, "buffer").copy(outer, blockBytes);
    return hash("sha256", outer, "buffer");
  };
}

function pad(key: Buffer, value: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  key.copy(block);
  return block.map((byte) => byte ^ value) as Buffer;
}

/** The letters of a fake: no two are mistaken for each other. */
const letters = "abcdefghjkmnpqrstvwxyz0123456789";

/** `length` letters and digits of 5 bits each, from a place in 32 keyed bytes; at most 6 for each 4 bytes. */
export function spell(bytes: Buffer, length: number): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5 && text.length < length; bits -= 5) text += letters[(held >> (bits - 5)) & 31];
  }
  return text;
}

/** As many as make a permutation that nobody tells from one by chance (Luby and Rackoff). */
const rounds = 4;

/**
 * One of the numbers below `size` (2^63 at most) for each of them, none twice: what keeps numbers apart without a
 * table of them. A Feistel network over as many bits as the size needs, walked until it ends below it.
 */
export function permute(keyed: Keyed, value: bigint, size: bigint): bigint {
  if (size < 2n) return value;
  const bits = (size - 1n).toString(2).length;
  const lowBits = BigInt(bits >> 1);
  const low = 2 ** Number(lowBits) - 1;
  const high = 2 ** (bits - Number(lowBits)) - 1;
  let left = Number(value >> lowBits);
  let right = Number(value & BigInt(low));
  for (;;) {
    for (let round = 0; round < rounds; round += 2) {
      left = (left ^ (keyed(`${bits}:${round}:${right}`).readUInt32BE() & high)) >>> 0;
      right = (right ^ (keyed(`${bits}:${round + 1}:${left}`).readUInt32BE() & low)) >>> 0;
    }
    const at = (BigInt(left) << lowBits) | BigInt(right);
    if (at < size) return at;
  }
}
