import type { Scalar } from "./yaml-node.ts";

const words = new Map<string, Scalar>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
]);

const whole = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;
const special = new Map([
  ...["+", ""].flatMap((sign) => [".inf", ".Inf", ".INF"].map((word) => [sign + word, "+Inf"] as const)),
  ...[".inf", ".Inf", ".INF"].map((word) => [`-${word}`, "-Inf"] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, "NaN"] as const),
]);
const decimal = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

/**
 * A plain scalar as Compose's parser (go-yaml 3) reads it: `yes` and `12:30` are texts, `0777` is octal, `1_000` is 1000.
 * Whole numbers beyond what a number holds stay texts of digits; so do decimals that Go writes otherwise.
 */
export function plainScalar(source: string): Scalar {
  const word = words.get(source);
  if (word !== undefined) return word;
  if (!/^[-+.\d]/.test(source)) return source;
  const digits = source.replaceAll("_", "");
  const [, sign, amount] = whole.exec(digits) ?? [];
  if (amount !== undefined) return wholeNumber(sign === "-", amount);
  return decimal.test(digits) ? decimalNumber(Number(digits)) : (special.get(source) ?? source);
}

function wholeNumber(isNegative: boolean, amount: string): Scalar {
  const prefixed = /^0[0-7]+$/.test(amount) ? `0o${amount.slice(1)}` : amount;
  const value = BigInt(prefixed) * (isNegative ? -1n : 1n);
  if (Number.isSafeInteger(Number(value))) return Number(value);
  // Beyond 64 bits Go makes a decimal of it.
  return value >= 2n ** 64n || value < -(2n ** 63n) ? decimalNumber(Number(value)) : String(value);
}

/** Go writes decimals from a million on, and below a ten-thousandth, as 1e+06. */
function decimalNumber(value: number): Scalar {
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return value === 0 ? 0 : value;
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
