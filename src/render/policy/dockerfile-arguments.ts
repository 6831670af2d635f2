import type { Instruction } from "./dockerfile.ts";

/** The name of an image is short; more than this is an attempt to multiply. */
const longest = 4096;

/**
 * Puts global arguments into an image's name; null where that takes more than we read (a value unknown or very long,
 * other forms, quotes inside of a word). `args` are the build arguments.
 */
export function argumentResolver(
  beforeFrom: readonly Instruction[],
  args: Readonly<Record<string, string>>,
): (text: string) => string | null {
  const values = new Map<string, string | null>(
    Object.entries(platform).map(([name, value]) => [name, given(name) ?? value]),
  );
  const declared = new Set(values.keys());
  for (const { keyword, rest } of beforeFrom) {
    if (keyword !== "ARG") continue;
    const words = wordsOf(rest);
    // Cut into other words than BuildKit's, the line could give any name any value.
    if (!words) return (text) => (text.includes("$") ? null : resolve(text));
    for (const word of words) declare(word);
  }
  return resolve;

  function declare(word: string): void {
    const [, name = "", written] = /^([A-Za-z_]\w*)(?:=(.*))?$/.exec(word) ?? [];
    const isKept = written === undefined && (Object.hasOwn(platform, name) || !declared.has(name));
    const value = given(name) ?? (declared.has(name) ? null : resolve(written ?? ""));
    if (!isKept || given(name) !== null) values.set(name, value);
    declared.add(name);
  }

  function given(name: string): string | null {
    return Object.hasOwn(args, name) ? (args[name] ?? null) : null;
  }

  function resolve(text: string): string | null {
    const inner = /^"[^"]*"$|^'[^'$]*'$/.test(text) ? text.slice(1, -1) : text;
    if (inner.length > longest || /["'\\`]/.test(inner)) return null;
    let length = inner.length;
    const plain = inner.replaceAll(variable, (...[, braced, operator, fallback, bare]: (string | undefined)[]) => {
      const value = values.get(braced ?? bare ?? "");
      const isUsed = typeof value === "string" && !(value === "" && operator === ":-");
      const said = isUsed ? value : value === null ? "$" : (fallback ?? "$");
      length += said.length;
      return length > longest ? "$" : said;
    });
    return plain.includes("$") ? null : plain;
  }
}

/** The words of an ARG, where quotes and escapes leave no choice: none, or around the whole value of a single one. */
function wordsOf(rest: string): string[] | null {
  if (rest.length > longest) return null;
  if (!/["'\\`]/.test(rest)) return rest.split(/\s+/);
  return /^[A-Za-z_]\w*=("[^"\\`]*"|'[^'\\`$]*')$/.test(rest) ? [rest] : null;
}

/** `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `$NAME`. */
const variable = /\$\{([A-Za-z_]\w*)(?:(:?-)([^${}]*))?\}|\$([A-Za-z_]\w*)/g;

/** Set by BuildKit itself (Dockerfile reference, Automatic platform ARGs); variants are empty on some platforms only. */
const platform: Record<string, string | null> = {
  BUILDPLATFORM: "linux/amd64",
  BUILDOS: "linux",
  BUILDARCH: "amd64",
  BUILDVARIANT: null,
  TARGETPLATFORM: "linux/amd64",
  TARGETOS: "linux",
  TARGETARCH: "amd64",
  TARGETVARIANT: null,
};
