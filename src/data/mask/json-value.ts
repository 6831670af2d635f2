import type { Masking } from "../../domain/mask.ts";
import { matches } from "./choose.ts";

/** Makes another text or number of one inside of a document; a number comes, and may go, as it is written. */
export type MaskLeaf = (value: string, masking: Masking, isNumber: boolean) => unknown;

type Keys = readonly { key: string; masking: Masking }[];
/** What `JSON` has in Node 24, and its types have not: numbers as they are written. */
type RawJson = { rawJSON(text: string): unknown; isRawJSON(value: unknown): value is { rawJSON: string } };
const raw = JSON as unknown as RawJson;

const byDefault: Masking = { kind: "text" };

/**
 * A JSON document with each text and number masked as the nearest key above it says, else as text. True, false and
 * null stay, and so do keys, but for those that look like data themselves. Kept numbers stay digit for digit.
 * Throws SyntaxError for what is no JSON.
 */
export function maskJson(text: string, keys: Keys, tools: { leaf: MaskLeaf; key(name: string): string }): string {
  const walk = (value: unknown, masking: Masking): unknown => {
    if (raw.isRawJSON(value)) return masking.kind === "keep" ? value : tools.leaf(value.rawJSON, masking, true);
    if (typeof value === "string") return masking.kind === "keep" ? value : tools.leaf(value, masking, false);
    if (Array.isArray(value)) return value.map((item) => walk(item, masking));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const own = keys.findLast(({ key }) => key === name) ?? keys.findLast(({ key }) => matches(key, name));
        return [
          looksLikeData.test(name) && own === undefined ? tools.key(name) : name,
          walk(inner, own?.masking ?? masking),
        ];
      }),
    );
  };
  return JSON.stringify(walk(parse(text), byDefault));
}

/** A number beyond those that JavaScript keeps apart, digit for digit. */
export function writtenNumber(digits: string): unknown {
  return raw.rawJSON(digits);
}

/** A mailbox, a number that is somebody's, an id. */
const looksLikeData = /@|\d{6}|[0-9a-f]{8}-[0-9a-f]{4}-/i;

function parse(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === "number" && source !== undefined ? raw.rawJSON(source) : value) as (
    key: string,
    value: unknown,
  ) => unknown);
}
