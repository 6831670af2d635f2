import type { Finding, Place } from "../domain/errors.ts";
import { imageNamespace } from "../domain/naming.ts";
import { type Instruction, readInstructions } from "./dockerfile.ts";
import { refuse } from "./findings.ts";
import { isOwnImage } from "./policy-service.ts";

/** The official Dockerfile language only: a `syntax` line names an image that runs inside the builder. */
const officialSyntax = /^(docker\.io\/)?docker\/dockerfile(:1(\.\d+){0,2}(-labs)?)?(@sha256:[0-9a-f]{64})?$/;

type Judge = { at(line: number): Place; resolve(text: string): string | null };

/**
 * What a Dockerfile of a branch may not do: choose its own builder, loosen a step's isolation, or start from an image
 * that Mayfly built for others. `args` are the build arguments; `place` turns a line into where to point.
 */
export function policeDockerfile(
  text: string,
  args: Readonly<Record<string, string>>,
  place: (line: number) => Place,
): Finding[] {
  const instructions = readInstructions(text);
  const firstFrom = instructions.findIndex(({ keyword }) => keyword === "FROM");
  const judge = { at: place, resolve: argumentResolver(instructions.slice(0, Math.max(0, firstFrom)), args) };
  return [
    ...syntaxFindings(text, place),
    ...instructions.flatMap((instruction) => judgeInstruction(instruction, judge)),
  ];
}

/** BuildKit looks for it in the first comments, also after `//` and in JSON; here anywhere, since nobody needs one elsewhere. */
function syntaxFindings(text: string, place: (line: number) => Place): Finding[] {
  const hint = "Write `# syntax=docker/dockerfile:1`, or remove the line.";
  const trimmed = text.replace(/^\uFEFF/, "").trimStart();
  if (trimmed.startsWith("{")) return [refuse(place(1), "dockerfile-syntax", "the Dockerfile begins as JSON", hint)];
  return text.split(/\r?\n/).flatMap((line, index) => {
    const syntax = /^\s*\uFEFF?(?:#|\/\/)\s*syntax\s*=\s*(\S*)/i.exec(line)?.[1];
    if (syntax === undefined || officialSyntax.test(syntax)) return [];
    return [refuse(place(index + 1), "dockerfile-syntax", `the Dockerfile asks for the builder ${syntax}`, hint)];
  });
}

function judgeInstruction(instruction: Instruction, judge: Judge): Finding[] {
  const { keyword, rest, line } = instruction;
  const flags = flagsOf(rest);
  const sources = [
    ...(keyword === "FROM" ? [withoutFlags(rest).split(/\s+/)[0] ?? ""] : []),
    ...flags.filter(([name]) => /^from$/.test(name)).map(([, value]) => value),
    ...flags.filter(([name]) => name === "mount").flatMap(([, value]) => mountSources(value)),
  ];
  return [
    ...judgeQuoting(instruction, judge.at(line)),
    ...sources.flatMap((source) => judgeSource(source, line, judge)),
    ...flags.flatMap(([name, value]) => judgeFlag(name, value, judge.at(line))),
  ];
}

/** Quoting that BuildKit and we could read differently: a flag that goes on after a blank, a heredoc's end that escapes. */
function judgeQuoting({ rest }: Instruction, at: Place): Finding[] {
  const flags = /^(--\S+\s*)*/.exec(rest)?.[0].split(/\s+/) ?? [];
  const isOdd = (flag: string) =>
    flag.includes("\\") || flag.split('"').length % 2 === 0 || flag.split("'").length % 2 === 0;
  const escapes = /<<-?\s*("[^"]*[\\`]|'[^']*[\\`]|[^\s"']*[\\`])/.test(rest);
  if (!escapes && !flags.some(isOdd)) return [];
  return [
    refuse(
      at,
      "dockerfile-quoting",
      "the quoting of a flag or heredoc here can be read in two ways",
      "Write flags without blanks or backslashes, and a heredoc's end as a plain word.",
    ),
  ];
}

function judgeSource(source: string, line: number, judge: Judge): Finding[] {
  const image = judge.resolve(source);
  if (image === null) {
    const hint = "Use plain ${NAME} or ${NAME:-default} of an ARG that has a default and stands before the first FROM.";
    return [
      refuse(judge.at(line), "dockerfile-source", `the image ${source} cannot be told from the Dockerfile alone`, hint),
    ];
  }
  if (!isOwnImage(image)) return [];
  return [
    refuse(
      judge.at(line),
      "own-image",
      `the Dockerfile uses an image under ${imageNamespace}`,
      "Use a stage of this Dockerfile, or a public image.",
    ),
  ];
}

function judgeFlag(name: string, value: string, at: Place): Finding[] {
  const hint = "Remove it: builds of previews run isolated.";
  if (name === "security" && value !== "sandbox")
    return [refuse(at, "build-entitlements", `RUN --security=${value} loosens the build's isolation`, hint)];
  if (name === "network" && value !== "default" && value !== "none") {
    return [refuse(at, "build-network", `RUN --network=${value} leaves the builder's own network`, hint)];
  }
  if (name === "device") return [refuse(at, "devices", `RUN --device=${value} asks for a device of the host`, hint)];
  return [];
}

/** The flags before an instruction's own text: `--name=value`, quotes taken off. */
function flagsOf(rest: string): [string, string][] {
  const flags = /^(--\S+\s*)*/.exec(rest)?.[0] ?? "";
  return [...flags.matchAll(/--([a-z]+)(?:=(\S*))?/gi)].map(([, name = "", value = ""]) => [
    name.toLowerCase(),
    value.replaceAll(/["']/g, ""),
  ]);
}

function withoutFlags(rest: string): string {
  return rest.replace(/^(--\S+\s+)*/, "");
}

function mountSources(value: string): string[] {
  return value
    .split(",")
    .filter((part) => /^\s*from\s*=/i.test(part))
    .map((part) => part.slice(part.indexOf("=") + 1).trim());
}

/** Puts global arguments into an image's name; null where that takes more than we read (a value unknown, other forms). */
function argumentResolver(
  beforeFrom: readonly Instruction[],
  args: Readonly<Record<string, string>>,
): (text: string) => string | null {
  const values = new Map<string, string>(builtIn.map((name) => [name, "builtin"]));
  for (const { keyword, rest } of beforeFrom) {
    if (keyword !== "ARG") continue;
    for (const [, name = "", written] of rest.matchAll(/([A-Za-z_]\w*)(?:=("[^"]*"|'[^']*'|\S*))?/g)) {
      const fallback = written === undefined ? null : resolve(written.replaceAll(/["']/g, ""));
      const value = Object.hasOwn(args, name) ? (args[name] ?? null) : fallback;
      if (value !== null) values.set(name, value);
    }
  }
  return resolve;

  function resolve(text: string): string | null {
    let known = true;
    const plain = text.replaceAll(
      /\$\{([A-Za-z_]\w*)(?::?-([^${}]*))?\}|\$([A-Za-z_]\w*)/g,
      (_whole, braced?: string, fallback?: string, bare?: string) => {
        const value = values.get(braced ?? bare ?? "");
        if (value === undefined && fallback === undefined) known = false;
        return (value === "" ? fallback : value) ?? fallback ?? "";
      },
    );
    return known && !plain.includes("$") ? plain.replaceAll(/["'\\]/g, "") : null;
  }
}

/** Set by BuildKit itself (Dockerfile reference, Automatic platform ARGs). */
const builtIn = [
  "BUILDPLATFORM",
  "BUILDOS",
  "BUILDARCH",
  "BUILDVARIANT",
  "TARGETPLATFORM",
  "TARGETOS",
  "TARGETARCH",
  "TARGETVARIANT",
];
