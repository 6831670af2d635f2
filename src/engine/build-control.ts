import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import { decodeTrace, type Trace } from "./build-trace.ts";
import { hijack } from "./hijack.ts";
import { bytesField, mapField, numberField, textField } from "./protobuf.ts";

/** One build as BuildKit takes it: the attributes are those of its Dockerfile frontend (moby/buildkit, frontend/dockerui/config.go). */
export type SolveRequest = {
  ref: string;
  session: string;
  image: string;
  attributes: Record<string, string>;
  /** Further sources by name, as BuildKit's definitions. */
  inputs: Record<string, Buffer>;
  /** What may be fetched, as BuildKit's source policy. */
  policy: Buffer;
};

export type BuildControl = AsyncDisposable & {
  /** Resolves when the image is there. Throws an Error with BuildKit's own words, EngineError `engine-unreachable`, or the signal's reason. */
  solve(request: SolveRequest, signal: AbortSignal): Promise<void>;
  /** What is told of a build until it ends. */
  status(ref: string): AsyncGenerator<Trace>;
};

const service = "/moby.buildkit.v1.Control";

/**
 * Opens BuildKit's own API at the engine (`POST /grpc`; moby/buildkit, api/services/control/control.proto), which
 * `docker build` uses as well: the engine's build call cannot say which control group the steps run in, nor name
 * further contexts. Spoken over HTTP/2 as it is: our gRPC library takes no connection that is open already.
 */
export async function openBuildControl(docker: Docker): Promise<BuildControl> {
  const socket = await hijack(docker, "/grpc");
  const http2 = connect("http://localhost", { createConnection: () => socket });
  let lost: Error | null = null;
  http2.on("error", (error) => {
    lost = error;
  });
  const unreachable = () =>
    new EngineError("engine-unreachable", `the engine ended a build's connection: ${lost?.message ?? "it is closed"}`, {
      retry: "backoff",
      cause: lost ?? undefined,
    });
  return {
    async solve(request, signal) {
      const stream = call(http2, "Solve", encodeSolve(request));
      const cancel = () => stream.close(constants.NGHTTP2_CANCEL);
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) cancel();
      try {
        const ended = endOf(stream);
        for await (const _response of stream) {
          // Where the image is: we know its tag.
        }
        const end = await ended;
        if (end === null) throw unreachable();
        if (end.status !== "0") throw new Error(end.message);
      } catch (error) {
        signal.throwIfAborted();
        throw lost ? unreachable() : error;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    async *status(ref) {
      yield* messages(call(http2, "Status", textField(1, ref)), decodeTrace);
    },
    async [Symbol.asyncDispose]() {
      http2.destroy();
      socket.destroy();
    },
  };
}

function encodeSolve({ ref, session, image, attributes, inputs, policy }: SolveRequest): Buffer {
  return Buffer.concat([
    textField(1, ref),
    // The engine's own store; newer versions take these two fields as well.
    textField(3, "moby"),
    ...mapField(4, { name: image }),
    textField(5, session),
    textField(6, "dockerfile.v0"),
    ...mapField(7, attributes),
    ...Object.entries(inputs).map(([name, input]) =>
      bytesField(10, Buffer.concat([textField(1, name), bytesField(2, input)])),
    ),
    // Kept out of the engine's history of builds, which would hold their arguments.
    numberField(11, 1),
    bytesField(12, policy),
  ]);
}

/** One call of gRPC over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md). */
function call(http2: ClientHttp2Session, method: string, message: Buffer): ClientHttp2Stream {
  const stream = http2.request({
    ":method": "POST",
    ":path": `${service}/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
  return stream;
}

/** The status that gRPC tells in the trailers, or in the headers of an answer without a body; null for a call cut short. */
function endOf(stream: ClientHttp2Stream): Promise<{ status: string; message: string } | null> {
  return new Promise((resolve) => {
    const read = (headers: Record<string, string | string[] | number | undefined>) => {
      const status = headers["grpc-status"]?.toString();
      if (status === undefined) return;
      const message = headers["grpc-message"]?.toString() ?? `status ${status}`;
      resolve({ status, message: decodePercent(message) });
    };
    stream.on("response", read);
    stream.on("trailers", read);
    stream.on("close", () => resolve(null));
  });
}

function decodePercent(text: string): string {
  const bytes = text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}

async function* messages<T>(stream: ClientHttp2Stream, decode: (message: Buffer) => T): AsyncGenerator<T> {
  let left: Buffer = Buffer.alloc(0);
  for await (const chunk of untilCut(stream as AsyncIterable<Buffer>)) {
    left = Buffer.concat([left, chunk]);
    while (left.length >= 5) {
      const end = 5 + left.readUInt32BE(1);
      if (left.length < end) break;
      yield decode(left.subarray(5, end));
      left = left.subarray(end);
    }
  }
}

async function* untilCut(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    // A connection that breaks is told by `solve`, once.
    const next = await chunks.next().catch(() => null);
    if (next === null || next.done) return;
    yield next.value;
  }
}
