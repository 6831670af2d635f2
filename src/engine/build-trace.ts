/** One step of a build, as far as it is known by now. */
export type Vertex = {
  digest: string;
  name: string;
  cached: boolean;
  started: boolean;
  completed: boolean;
  error: string;
};

/** What BuildKit tells in one message. */
export type Trace = { vertexes: Vertex[]; logs: { vertex: string; text: Buffer }[] };

type Field = { number: number; value: Buffer };

/**
 * Decodes a `moby.buildkit.trace` message: protobuf `StatusResponse` of BuildKit's api/services/control/control.proto,
 * the few fields we show. (dockerode's own decoder keeps all output of a build in memory and forgets which step wrote
 * what.) Throws RangeError when it is cut short.
 */
export function decodeTrace(base64: string): Trace {
  const fields = [...readFields(Buffer.from(base64, "base64"))];
  return {
    vertexes: fields.filter((field) => field.number === 1).map((field) => decodeVertex(field.value)),
    logs: fields.filter((field) => field.number === 3).map((field) => decodeLog(field.value)),
  };
}

function decodeVertex(bytes: Buffer): Vertex {
  const vertex: Vertex = { digest: "", name: "", cached: false, started: false, completed: false, error: "" };
  for (const { number, value } of readFields(bytes)) {
    if (number === 1) vertex.digest = value.toString();
    else if (number === 3) vertex.name = value.toString();
    else if (number === 4) vertex.cached = value[0] === 1;
    else if (number === 5) vertex.started = true;
    else if (number === 6) vertex.completed = true;
    else if (number === 7) vertex.error = value.toString();
  }
  return vertex;
}

function decodeLog(bytes: Buffer): { vertex: string; text: Buffer } {
  const log: { vertex: string; text: Buffer } = { vertex: "", text: Buffer.alloc(0) };
  for (const { number, value } of readFields(bytes)) {
    if (number === 1) log.vertex = value.toString();
    else if (number === 4) log.text = value;
  }
  return log;
}

/** The wire format (protobuf.dev/programming-guides/encoding): a varint's value is its raw bytes here. */
function* readFields(bytes: Buffer): Generator<Field> {
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
        throw new RangeError("unknown wire type in a build trace");
    }
    if (end > bytes.length) throw new RangeError("a build trace is cut short");
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
  throw new RangeError("a build trace is cut short");
}
