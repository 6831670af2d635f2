import { z } from "zod";
import { parseDuration } from "../domain/time.ts";

/**
 * Reads a size as Docker reads it (`512m`, `2GiB`, `1.5g`, plain bytes): every unit is a power of 1024.
 * Undefined when the text is no size.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?)?b?$/i.exec(text.trim());
  if (!match) return undefined;
  const power = "kmgtp".indexOf((match[2] ?? "").toLowerCase() || "-") + 1;
  const bytes = Math.floor(Number(match[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A duration in a document, as milliseconds. */
export const duration = z.string("must be a duration such as 30s or 5m").transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue("must be a duration such as 30s or 5m");
  return z.NEVER;
});

/** A size in a document, as bytes. */
export const size = z.union([z.string(), z.number()], "must be a size such as 512MiB").transform((value, context) => {
  const bytes = parseSize(String(value));
  if (bytes !== undefined) return bytes;
  context.addIssue("must be a size such as 512MiB");
  return z.NEVER;
});

/** A TCP port. */
export const port = z
  .number("must be a port (1 to 65535)")
  .int("must be a port (1 to 65535)")
  .min(1, "must be a port (1 to 65535)")
  .max(65_535, "must be a port (1 to 65535)");

/** A part of what there is, or a size: `10%`, `8GiB`. */
export type Share = { percent: number } | { bytes: number };

/** A share of a machine's memory or disk in a document. */
export const share = z
  .union([z.string(), z.number()], "must be a share such as 10% or a size such as 8GiB")
  .transform((value, context): Share => {
    const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(String(value))?.[1];
    if (percent !== undefined && Number(percent) < 100) return { percent: Number(percent) };
    const bytes = percent === undefined ? parseSize(String(value)) : undefined;
    if (bytes !== undefined) return { bytes };
    context.addIssue("must be a share such as 10% or a size such as 8GiB");
    return z.NEVER;
  });

/** A share of `totalBytes`, in bytes. */
export function bytesOf(share: Share, totalBytes: number): number {
  return "bytes" in share ? share.bytes : Math.floor((totalBytes * share.percent) / 100);
}
