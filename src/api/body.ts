import { InputError } from "../domain/errors.ts";

/**
 * Reads a request's body whole, byte for byte. Throws InputError `body-too-large` on what Content-Length announces, or
 * else as soon as more than `limitBytes` arrived.
 */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

function tooLarge(limitBytes: number): InputError {
  return new InputError("body-too-large", `the request body is larger than ${limitBytes / 1024 / 1024} MiB`);
}
