import { InputError } from "../domain/errors.ts";

type BodyLimits = {
  limitBytes: number;
  /** Aborted when the body took too long. */
  deadline: AbortSignal;
  /** Asked for room for each piece that arrived; false when there is none. */
  hold(sizeBytes: number): boolean;
};

/** Why a body was not read to its end. */
export type BodyRefusal = "late" | "no-room";

/**
 * Reads a request's body whole, byte for byte, or tells why not. Throws InputError `body-too-large` on what
 * Content-Length announces, or else as soon as more than `limitBytes` arrived.
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array | BodyRefusal> {
  const { limitBytes, deadline, hold } = limits;
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge(limitBytes);
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const late = Promise.withResolvers<"late">();
  const expire = () => late.resolve("late");
  deadline.addEventListener("abort", expire, { once: true });
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), late.promise]);
      if (next === "late") return next;
      if (next.done) return Buffer.concat(chunks, sizeBytes);
      sizeBytes += next.value.byteLength;
      if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
      if (!hold(next.value.byteLength)) return "no-room";
      chunks.push(next.value);
    }
  } finally {
    deadline.removeEventListener("abort", expire);
    // Nothing is left of a body that was read; the rest of another is not wanted, whatever became of its sender.
    reader.cancel().catch(() => undefined);
  }
}

function tooLarge(limitBytes: number): InputError {
  return new InputError("body-too-large", `the request body is larger than ${limitBytes / 1024 / 1024} MiB`);
}
