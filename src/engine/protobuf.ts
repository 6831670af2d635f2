export type Field = { number: number; value: Buffer };

/** The fields of a message in the wire format (protobuf.dev/programming-guides/encoding): a varint's value is its raw bytes here. Throws RangeError when it is cut short. */
export function* readFields(bytes: Buffer): Generator<Field> {
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    at = tag.end;
    let end: number;
    switch (tag.value & 7) {
      case 0:
        end = readVarint(bytes, at).end;
        break;
      case 1:
        end = at + 8;
        break;
      case 2: {
        const length = readVarint(bytes, at);
        at = length.end;
        end = at + length.value;
        break;
      }
      case 5:
        end = at + 4;
        break;
      default:
        throw new RangeError("unknown wire type in a message");
    }
    if (end > bytes.length) throw new RangeError("a message is cut short");
    yield { number: Math.floor(tag.value / 8), value: bytes.subarray(at, end) };
    at = end;
  }
}

function readVarint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * 2 ** (7 * (at - start));
    if (byte < 128) return { value, end: at + 1 };
  }
  throw new RangeError("a message is cut short");
}

/** One field of text; an empty one is left out, as the format has it. */
export function textField(number: number, value: string): Buffer {
  return value === "" ? Buffer.alloc(0) : bytesField(number, Buffer.from(value));
}

/** One field of a number: 0, small, or -1; 0 is left out, as the format has it. A boolean is 0 or 1. */
export function numberField(number: number, value: number): Buffer {
  if (value === 0) return Buffer.alloc(0);
  const minusOne = Buffer.from([...Array<number>(9).fill(255), 1]);
  return Buffer.concat([Buffer.from([number * 8]), value === -1 ? minusOne : writeVarint(value)]);
}

/** A map of texts, an entry a field. */
export function mapField(number: number, entries: Readonly<Record<string, string>>): Buffer[] {
  return Object.entries(entries).map(([key, value]) =>
    bytesField(number, Buffer.concat([textField(1, key), textField(2, value)])),
  );
}

/** One field of bytes, also when there are none. */
export function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), writeVarint(bytes.length), bytes]);
}

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}
