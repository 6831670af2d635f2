import { scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import type { Form } from "./form.ts";
import { scalarText, textOf } from "./value-forms.ts";

const unlessZero = (node: YamlNode) => (Number(toValue(node)) === 0 ? undefined : toValue(node));

/** A whole number, also as a text; not printed when 0. */
export const whole: Form = { read: readWhole, print: unlessZero };

/** The same between two bounds, which Compose holds only a number to and not a text. */
export function wholeWithin(least: number, most: number): Form {
  return {
    read(node, at) {
      const read = readWhole(node, at);
      const value = node.kind === "scalar" ? node.value : null;
      if (typeof value === "string" || (Number(value) >= least && Number(value) <= most)) return read;
      throw invalid(node, `${at} must be from ${least} to ${most}`);
    },
    print: unlessZero,
  };
}

/** A number of which Compose keeps the whole part. */
export const truncated: Form = { read: (node, at) => readNumber(node, at), print: unlessZero };

/** A whole number that Compose takes only as one, not as a text. */
export const plainWhole: Form = plain(whole);

/** The same, of which Compose keeps the whole part. */
export const plainTruncated: Form = plain(truncated);

/** A number that counts: 0 says something, and nothing is less. */
export const count: Form = {
  read(node, at) {
    const read = readNumber(node, at);
    if (Number(toValue(read)) < 0) throw invalid(node, `${at} must not be negative`);
    return read;
  },
};

/** A number, also as a text, printed with the precision that Compose keeps. */
export const decimal: Form = {
  read(node, at) {
    const said = scalarText(node, at);
    if (!goFloat.test(said)) throw invalid(node, `${at} must be a number`);
    return scalarNode(node.place, Number(said));
  },
  print: (node) => singlePrecision(Number(toValue(node))) || undefined,
};

/** Bytes as text, as Compose prints them: a number, or a text such as `512m`. */
export const bytes: Form = {
  read(node, at) {
    const isNumber = node.kind === "scalar" && typeof node.value === "number";
    // Compose passes over fractions of a byte that are written as a number.
    const size = !isNumber ? parseBytes(textOf(node, at)) : Number.isInteger(node.value) ? Number(node.value) : 0;
    if (size === undefined) throw invalid(node, `${at} must be a size such as 512m`);
    return scalarNode(node.place, String(Math.trunc(size)));
  },
  print: unlessZero,
};

/** Bytes where Compose takes no fraction of a byte. */
export const wholeBytes: Form = {
  ...bytes,
  read(node, at, findings) {
    const isFraction = node.kind === "scalar" && typeof node.value === "number" && !Number.isInteger(node.value);
    if (isFraction) throw invalid(node, `${at} must be a size such as 512m`);
    return bytes.read(node, at, findings);
  },
};

/** Bytes where Compose takes a text only. */
export const bytesText: Form = {
  ...bytes,
  read: (node, at, findings) => bytes.read(scalarNode(node.place, textOf(node, at)), at, findings),
};

/** As Go prints a duration: `1m30s`. */
export const span: Form = {
  read(node, at) {
    const nanoseconds = parseNanoseconds(textOf(node, at));
    if (nanoseconds === undefined) throw invalid(node, `${at} must be a duration such as 10s`);
    return scalarNode(node.place, formatGoDuration(nanoseconds));
  },
};

/** The same where none is not printed. */
export const spanIfAny: Form = {
  read: span.read,
  print: (node) => (toValue(node) === "0s" ? undefined : toValue(node)),
};

function readWhole(node: YamlNode, at: string): YamlNode {
  const said = scalarText(node, at);
  if (!/^[-+]?\d{1,15}$/.test(said)) throw invalid(node, `${at} must be a whole number`);
  return scalarNode(node.place, Number(said));
}

function readNumber(node: YamlNode, at: string): YamlNode {
  if (node.kind !== "scalar" || typeof node.value !== "number") return readWhole(node, at);
  return scalarNode(node.place, Math.trunc(node.value));
}

function plain(form: Form): Form {
  return {
    ...form,
    read(node, at, findings) {
      if (node.kind === "scalar" && typeof node.value === "number") return form.read(node, at, findings);
      throw invalid(node, `${at} must be a number, without quotes`);
    },
  };
}

const goFloat = /^[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?$/i;

/** The shortest decimal that is the same number at 32 bits, in which Compose keeps it. */
function singlePrecision(value: number): number {
  const kept = Math.fround(value);
  for (let digits = 1; digits < 10; digits++) {
    const shorter = Number(kept.toPrecision(digits));
    if (Math.fround(shorter) === kept) return shorter;
  }
  return kept;
}

/** Sizes as Docker's `go-units` reads them: powers of 1024, `b` or `ib` after the unit, one space before it. */
function parseBytes(said: string): number | undefined {
  const [, amount = "", unit = ""] = /^(.*[\d.]) ?([a-z]{0,3})$/i.exec(said) ?? [];
  if (!goFloat.test(amount) || !/^(b|[kmgtp](b|ib)?)?$/i.test(unit)) return undefined;
  const power = "kmgtp".indexOf(unit.charAt(0).toLowerCase() || "-") + 1;
  const size = Number(amount) * 1024 ** power;
  return size >= 0 && Number.isSafeInteger(Math.trunc(size)) ? size : undefined;
}

const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // micro sign
  μs: 1e3, // Greek mu
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 604_800e9,
};

/** Nanoseconds of `1w2d`, `1m30s`, `-1.5h`, `0`; undefined when the text is no duration. */
function parseNanoseconds(said: string): number | undefined {
  const [, sign, rest = ""] = /^([-+]?)(.+)$/.exec(said) ?? [];
  if (rest === "0") return 0;
  if (!/^((\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w))+$/.test(rest)) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of rest.matchAll(/(\d+(?:\.\d*)?|\.\d+)([a-zµμ]+)/g)) {
    total += Math.trunc(Number(amount) * (units[unit] ?? 0));
  }
  return total > 2 ** 63 ? undefined : sign === "-" ? -total : total;
}

function formatGoDuration(nanoseconds: number): string {
  const sign = nanoseconds < 0 ? "-" : "";
  const left = Math.abs(nanoseconds);
  if (left === 0) return "0s";
  if (left < 1e3) return `${sign}${left}ns`;
  if (left < 1e6) return `${sign}${left / 1e3}µs`;
  if (left < 1e9) return `${sign}${left / 1e6}ms`;
  const hours = Math.floor(left / 3600e9);
  const minutes = Math.floor((left % 3600e9) / 60e9);
  const seconds = (left % 60e9) / 1e9;
  return `${sign}${hours > 0 ? `${hours}h` : ""}${left >= 60e9 ? `${minutes}m` : ""}${seconds}s`;
}
