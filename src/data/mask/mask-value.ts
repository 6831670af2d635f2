import type { Masking } from "../../domain/mask.ts";
import { maskArray } from "./array-value.ts";
import { copy } from "./bytes.ts";
import type { Column, ColumnType } from "./column.ts";
import { moveDate } from "./date-value.ts";
import { address, email, firstName, inCapitals, lastName, leastRoom, name, phone, text, username } from "./fakes.ts";
import { maskJson, writtenNumber } from "./json-value.ts";
import { createKeyed, type Keyed, permute, spell } from "./keyed.ts";

/** What a value becomes; undefined: it is not of the form that its masking needs. */
export type MaskValue = (value: string) => string | null | undefined;

/** Values that come again are not made again; so many are known of each masking. */
const mostKnown = 20_000;
const longestKnown = 200;

/**
 * How the values of a column are masked under the server's salt: alike in every column of the same masking, whatever
 * the type, so that joins hold. Empty stays empty. Expects what `fits` accepts.
 */
export function createMaskers(salt: string): (column: Column, masking: Masking) => MaskValue {
  const made = new Map<string, MaskValue>();
  const keyedFor = (purpose: string) => createKeyed(salt, purpose);
  return ({ type, isArray }, masking) => {
    const key = JSON.stringify([type, isArray, masking]);
    const found = made.get(key);
    if (found) return found;
    const whole = masking.kind === "null" || masking.kind === "constant";
    const own = maskerOf(type, masking, keyedFor);
    const plain = type.kind === "text" && !whole && masking.kind !== "json" ? withoutPadding(own, type.longest) : own;
    const masker = isArray && !whole ? (value: string) => maskElements(value, plain) : plain;
    const remembering = remember((value) => (value === "" && !whole ? "" : masker(value)));
    made.set(key, remembering);
    return remembering;
  };
}

/** Spaces behind a text stay: columns of a fixed length have them, and those who refer to them may not. */
function withoutPadding(masker: MaskValue, longest: number | null): MaskValue {
  return (value) => {
    let end = value.length;
    while (value[end - 1] === " ") end -= 1;
    if (end === value.length) return masker(value);
    if (end === 0) return value;
    const masked = masker(value.slice(0, end));
    return typeof masked === "string" ? `${masked}${value.slice(end)}`.slice(0, longest ?? Infinity) : masked;
  };
}

function maskerOf(type: ColumnType, masking: Masking, keyedFor: (purpose: string) => Keyed): MaskValue {
  if (masking.kind === "json" || (masking.kind === "text" && type.kind === "json")) {
    return jsonMasker(masking.kind === "json" ? masking.keys : [], keyedFor);
  }
  const longest = type.kind === "text" ? (type.longest ?? Infinity) : Infinity;
  const keyed = keyedFor(masking.kind);
  switch (masking.kind) {
    case "null":
      return () => null;
    case "keep":
      return (value) => value;
    case "constant":
      return () => masking.value;
    case "number":
      return numberMasker(keyed, masking, type);
    case "shift":
      return shiftMasker(keyed, masking.days);
    case "hash":
      return hashMasker(keyed, type, longest);
    case "phone":
      return type.kind === "integer" ? phoneNumber(phone(keyed)) : bound(phone(keyed), longest);
    default:
      return bound(fakes[masking.kind](keyed), longest);
  }
}

const fakes = {
  email,
  username,
  name,
  first_name: firstName,
  last_name: lastName,
  address,
  text,
};

function bound(fake: (value: string, longest: number) => string, longest: number): MaskValue {
  return (value) => fake(value, longest);
}

function phoneNumber(fake: (value: string, longest: number) => string): MaskValue {
  return (value) => fake(value, Infinity).replaceAll(/\D/g, "");
}

function numberMasker(keyed: Keyed, { from, to }: { from: number; to: number }, type: ColumnType): MaskValue {
  const scale = type.kind === "decimal" ? Math.min(type.scale ?? 2, 6) : 0;
  const unit = 10 ** scale;
  const [least, most] = [Math.ceil(from * unit), Math.floor(to * unit)];
  return (value) => ((least + Number(keyed(value).readBigUInt64BE() % BigInt(most - least + 1))) / unit).toFixed(scale);
}

const daySeconds = 86_400;

/** Never by nothing; the moment of the day changes as well. */
function shiftMasker(keyed: Keyed, days: number): MaskValue {
  return (value) => {
    const bytes = keyed(value);
    const direction = (bytes[0] ?? 0) & 1 ? 1 : -1;
    const isDay = !value.includes(":");
    const most = isDay ? days : days * daySeconds;
    const by = 1 + Number(bytes.readBigUInt64BE(8) % BigInt(most));
    return moveDate(value, direction * by * (isDay ? daySeconds : 1), String(bytes.readUInt32BE(4)).padStart(10, "1"));
  };
}

/** Documentation's own range (RFC 3849): no host has such an address. */
const noNetwork = "2001:db8";

function hashMasker(keyed: Keyed, type: ColumnType, longest: number): MaskValue {
  if (type.kind === "integer") return (value) => hashInteger(keyed, value);
  if (type.kind === "bytes") return (value) => `\\x${keyed(value).toString("hex")}`;
  if (type.kind === "network") {
    return (value) =>
      `${noNetwork}:${keyed(value)
        .toString("hex", 0, 12)
        .replaceAll(/.{4}(?=.)/g, "$&:")}`;
  }
  if (type.kind === "uuid") return (value) => uuidOf(keyed(value.toLowerCase()));
  // Ids that stand in a text are what they are in a column of their own: the two may be joined.
  return (value) => {
    if (longest >= 19 && integerForm.test(value)) return hashInteger(keyed, value);
    return inCapitals(keyed, value, (small, bytes) =>
      longest >= 36 && uuidForm.test(small)
        ? uuidOf(bytes)
        : spell(bytes, Math.min(26, Math.max(longest, leastRoom.hash))),
    );
  };
}

const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const integerForm = /^(0|-?[1-9]\d{0,17})$/;

/** Where the whole numbers of types with a sign end, and of those without. */
const integerEnds = [15n, 16n, 31n, 32n, 63n, 64n].map((bits) => 1n << bits);

/** Among the numbers that fit into the same smallest type, so that a join of two types holds and no two become one. */
function hashInteger(keyed: Keyed, value: string): string | undefined {
  if (!/^-?\d{1,20}$/.test(value)) return undefined;
  const number = BigInt(value);
  const distance = number < 0n ? -number - 1n : number;
  const to = integerEnds.find((end) => distance < end);
  if (to === undefined || (number < 0n && distance >= 1n << 63n)) return undefined;
  const from = integerEnds.findLast((end) => end <= distance) ?? 0n;
  const other = permute(keyed, distance - from, to - from) + from;
  return String(number < 0n ? -other - 1n : other);
}

function uuidOf(bytes: Buffer): string {
  const own = Buffer.from(bytes.subarray(0, 16));
  own[6] = ((own[6] ?? 0) & 0x0f) | 0x40;
  own[8] = ((own[8] ?? 0) & 0x3f) | 0x80;
  return own.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** A number inside of a document stays a number, of as many digits. */
function jsonMasker(keys: Extract<Masking, { kind: "json" }>["keys"], keyedFor: (purpose: string) => Keyed): MaskValue {
  const textType = { kind: "text", longest: null } as const;
  const integerType = { kind: "integer", bits: 64 } as const;
  const made = new Map<string, MaskValue>();
  const maskerFor = (type: ColumnType, masking: Masking): MaskValue => {
    const name = JSON.stringify([type.kind, masking]);
    const masker = made.get(name) ?? maskerOf(type, masking, keyedFor);
    made.set(name, masker);
    return masker;
  };
  const keyedName = keyedFor("key");
  const numberOf = (value: string, masking: Masking): unknown => {
    const hashed = masking.kind === "hash" ? maskerFor(integerType, masking)(value) : undefined;
    // Whatever a column of such numbers makes of it, so that joins hold.
    if (typeof hashed === "string") return writtenNumber(hashed);
    const digits = String(Math.trunc(Math.abs(Number(value)))).length;
    const numbers = { kind: "number", from: 10 ** (digits - 1), to: 10 ** digits - 1 } as const;
    const isOwn = masking.kind === "number" || masking.kind === "constant";
    const masked = maskerFor(integerType, isOwn ? masking : numbers)(value) ?? null;
    return masked !== null && Number.isFinite(Number(masked)) ? Number(masked) : masked;
  };
  const leaf = (value: string, masking: Masking, isNumber: boolean): unknown => {
    if (masking.kind === "null") return null;
    if (value === "") return value;
    return isNumber ? numberOf(value, masking) : (maskerFor(textType, masking)(value) ?? null);
  };
  const key = (name: string) => spell(keyedName(name), 16);
  return (value) => {
    try {
      return maskJson(value, keys, { leaf, key });
    } catch {
      // No JSON, or nested too deep: what calls tells the place, and never the value.
      return undefined;
    }
  };
}

function maskElements(value: string, masker: MaskValue): string | undefined {
  let isWrong = false;
  const made = maskArray(value, (element) => {
    const masked = element === "" ? "" : masker(element);
    isWrong ||= masked === undefined;
    return masked ?? null;
  });
  return isWrong ? undefined : made;
}

function remember(masker: MaskValue): MaskValue {
  const known = new Map<string, string | null | undefined>();
  return (value) => {
    if (value.length > longestKnown) return masker(value);
    const found = known.get(value);
    if (found !== undefined) return found;
    const made = masker(value);
    if (known.size >= mostKnown) known.clear();
    known.set(copy(value), made);
    return made;
  };
}
