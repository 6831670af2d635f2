import { readFields } from "./protobuf.ts";

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

/**
 * Decodes what BuildKit tells of a build: `StatusResponse` of its api/services/control/control.proto, the few fields we
 * show. Throws RangeError when it is cut short.
 */
export function decodeTrace(message: Buffer): Trace {
  const fields = [...readFields(message)];
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
