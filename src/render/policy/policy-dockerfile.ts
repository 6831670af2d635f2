import { excerpt } from "../../config/excerpt.ts";
import type { Finding, Place } from "../../domain/errors.ts";
import { argumentResolver } from "./dockerfile-arguments.ts";
import { directivesOf, type Instruction, readInstructions, splitLines } from "./dockerfile.ts";
import { refuse } from "../findings.ts";
import { addFindings } from "./policy-add.ts";
import { noRegistries, type OperatorRegistries } from "./operator-registries.ts";
import { imageProblem } from "./policy-image.ts";

/**
 * The official Dockerfile language by a tag only. Whichever version it names, the engine's own reads the file
 * (`build-attributes.ts`); another program would do what it likes with it.
 */
const officialSyntax = /^(?:docker\.io\/)?docker\/dockerfile(?::1(?:\.\d{1,3})?)?$/;

type Judge = {
  at(line: number): Place;
  resolve(text: string): string | null;
  /** Stages that began so far, by name, and by number as only COPY knows them. */
  isStage(name: string): boolean;
  isNumber(name: string): boolean;
  registries: OperatorRegistries;
};

/**
 * What a Dockerfile of a branch may not do: choose its own builder, loosen a step's isolation, start from an image that
 * Mayfly built for others or that only this host's network has, let the builder fetch for it, or be readable in two
 * ways. `args` are the build arguments; `place` turns a line into where to point.
 */
export function policeDockerfile(
  text: string,
  args: Readonly<Record<string, string>>,
  place: (line: number) => Place,
  registries: OperatorRegistries = noRegistries,
): Finding[] {
  const instructions = readInstructions(text);
  const firstFrom = instructions.findIndex(({ keyword }) => keyword === "FROM");
  const resolve = argumentResolver(instructions.slice(0, Math.max(0, firstFrom)), args);
  const stages = new Set<string>();
  let count = 0;
  const isStage = (name: string) => stages.has(name.toLowerCase());
  const isNumber = (name: string) => /^\d{1,4}$/.test(name) && Number(name) < count;
  const inInstructions = instructions.flatMap((instruction) => {
    const findings = judgeInstruction(instruction, { registries, at: place, resolve, isStage, isNumber });
    if (instruction.keyword !== "FROM") return findings;
    count += 1;
    const name = /\sas\s+(\S+)$/i.exec(instruction.rest)?.[1];
    if (name !== undefined) stages.add(name.toLowerCase());
    return findings;
  });
  return [...directiveFindings(text, place), ...inInstructions];
}

/** BuildKit reads them in the first comments only, `syntax` also after `//` and in JSON; nobody needs one elsewhere. */
function directiveFindings(text: string, place: (line: number) => Place): Finding[] {
  const hint = "Write `# syntax=docker/dockerfile:1`, or remove the line.";
  const lines = splitLines(text);
  if (
    text
      .replace(/^\uFEFF/, "")
      .trimStart()
      .startsWith("{")
  )
    return [refuse(place(1), "dockerfile-syntax", "the Dockerfile begins as JSON", hint)];
  const directives = directivesOf(lines);
  return lines.flatMap((line, index) => {
    const [, name = "", value = ""] = /^\s*\uFEFF?(?:#|\/\/)\s*(syntax|escape)\s*=\s*(\S*)/i.exec(line) ?? [];
    if (name.toLowerCase() === "escape") {
      const isRead = directives[index]?.name === "escape" && /^[\\`]$/.test(directives[index].value);
      const isOnly = directives.filter((directive) => directive.name === "escape").length === 1;
      if (isRead && isOnly) return [];
      const message = "an escape directive counts only in the first lines, and once, as \\ or `";
      return [refuse(place(index + 1), "dockerfile-escape", message, "Move it to the first line, or remove it.")];
    }
    if (name === "") return [];
    if (officialSyntax.test(value)) return [];
    const message = `the Dockerfile asks for the builder ${excerpt(value)}`;
    return [refuse(place(index + 1), "dockerfile-syntax", message, hint)];
  });
}

function judgeInstruction(instruction: Instruction, judge: Judge): Finding[] {
  const { keyword, rest, line } = instruction;
  const flags = flagsOf(rest);
  const at = judge.at(line);
  return [
    ...judgeReading(instruction, at),
    ...(keyword === "FROM" ? judgeBase(withoutFlags(rest).split(/\s+/)[0] ?? "", at, judge) : []),
    ...(keyword === "ADD" ? addFindings(withoutFlags(rest), at) : []),
    ...flags.flatMap(([name, value]) => judgeFlag(name, value, at)),
    ...flags.flatMap(([name, value]) => {
      if (name === "from") return judge.isNumber(value) ? [] : judgeImage(value, at, judge);
      return name === "mount" ? mountSources(value).flatMap((source) => judgeImage(source, at, judge)) : [];
    }),
  ];
}

/** What BuildKit and we could read differently: see `readInstructions`, and a flag that goes on after a blank. */
function judgeReading({ rest, doubt }: Instruction, at: Place): Finding[] {
  const flags = /^(--\S+\s*)*/.exec(rest)?.[0].split(/\s+/) ?? [];
  const isOdd = (flag: string) =>
    /[\\`]/.test(flag) || flag.split('"').length % 2 === 0 || flag.split("'").length % 2 === 0;
  const why = doubt ?? (flags.some(isOdd) ? "a flag has a blank or escape in it" : null);
  if (why === null) return [];
  return [
    refuse(
      at,
      "dockerfile-quoting",
      `the instruction can be read in two ways: ${why}`,
      "Write flags without blanks or escapes, a heredoc's end as a plain word before any quotes, and plain blanks.",
    ),
  ];
}

function judgeBase(source: string, at: Place, judge: Judge): Finding[] {
  const image = judge.resolve(source);
  return image === null ? [unclear(source, at)] : judgeImage(image, at, judge);
}

function judgeImage(image: string, at: Place, judge: Judge): Finding[] {
  if (image.includes("$")) return [unclear(image, at)];
  const problem = imageProblem(image, judge.registries);
  const isOther = problem?.code === "image-name" || problem?.code === "image-id";
  if (!problem || (isOther && judge.isStage(image))) return [];
  return [refuse(at, problem.code, `the Dockerfile's image ${excerpt(image, 100)}: ${problem.means}`, problem.instead)];
}

function unclear(source: string, at: Place): Finding {
  const hint = "Use plain ${NAME} or ${NAME:-default} of an ARG that has a default and stands before the first FROM.";
  const message = `the image ${excerpt(source)} cannot be told from the Dockerfile alone`;
  return refuse(at, "dockerfile-source", message, hint);
}

function judgeFlag(name: string, value: string, at: Place): Finding[] {
  const hint = "Remove it: builds of previews run isolated.";
  if (name === "security" && value !== "sandbox")
    return [refuse(at, "build-entitlements", `RUN --security=${excerpt(value)} loosens the build's isolation`, hint)];
  if (name === "network" && value !== "default" && value !== "none") {
    return [refuse(at, "build-network", `RUN --network=${excerpt(value)} leaves the builder's own network`, hint)];
  }
  if (name === "device")
    return [refuse(at, "devices", `RUN --device=${excerpt(value)} asks for a device of the host`, hint)];
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
