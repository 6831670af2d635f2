import { findHeredocs, type Heredoc } from "./dockerfile-heredoc.ts";

/**
 * One instruction of a Dockerfile: its keyword in capitals, its text with continued lines joined and without heredocs'
 * lines, its first line. `doubt` says why BuildKit could read it otherwise than we do; whoever polices must refuse it.
 */
export type Instruction = { keyword: string; rest: string; line: number; doubt: string | null };

/** Splits a Dockerfile into instructions as BuildKit does (moby/buildkit, frontend/dockerfile/parser/parser.go). */
export function readInstructions(text: string): Instruction[] {
  const lines = splitLines(text);
  const endings = endingsOf(lines);
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (isSkipped(lines[at])) continue;
    const logical = readLogicalLine(lines, at, endings);
    const instruction = parse(logical.whole);
    const heredocs = findHeredocs(instruction.keyword, instruction.rest);
    let doubt = logical.doubt ?? heredocs.doubt;
    const line = at + 1;
    at = logical.last;
    for (const heredoc of heredocs.found) {
      at = endOf(heredoc, lines, at + 1);
      if (at === lines.length) doubt ??= `the heredoc ${heredoc.name} never ends`;
    }
    instructions.push({ ...instruction, line, doubt });
  }
  return instructions;
}

/** The first TCP port that the last stage exposes in plain digits, or null. */
export function exposedPort(text: string): number | null {
  const instructions = readInstructions(text);
  const lastStage = instructions.findLastIndex(({ keyword }) => keyword === "FROM");
  for (const { keyword, rest } of instructions.slice(lastStage + 1)) {
    const match = keyword === "EXPOSE" ? /^(\d{1,5})(\/tcp)?(\s|$)/.exec(rest) : null;
    const port = Number(match?.[1]);
    if (port > 0 && port <= 65_535) return port;
  }
  return null;
}

/** Lines as BuildKit has them: only a line feed ends one, and carriage returns before it go with it. */
export function splitLines(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line) => {
      let end = line.length;
      while (line[end - 1] === "\r") end -= 1;
      return line.slice(0, end);
    });
}

/** The directives: leading lines `# name=value`, up to the first line that is none. */
export function directivesOf(lines: readonly string[]): { name: string; value: string }[] {
  const directives: { name: string; value: string }[] = [];
  for (const line of lines) {
    const [, name, value] = /^[ \t]*#[ \t]*([a-zA-Z][a-zA-Z0-9]*)[ \t]*=[ \t]*([^ \t].*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) break;
    directives.push({ name: name.toLowerCase(), value: value.trim() });
  }
  return directives;
}

/** Blanks and controls that Go and JavaScript take for different things, or that break a line for one of them. */
const odd =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\uFEFF]/;

/** How a line goes on in the next one, and how it ends so that versions of BuildKit disagree about it. */
type Endings = { continued: RegExp; doubled: RegExp };

function endingsOf(lines: readonly string[]): Endings {
  const escape = directivesOf(lines).find(({ name }) => name === "escape")?.value;
  return escape === "`"
    ? { continued: /(^|[^`])`[ \t]*$/, doubled: /``[ \t]*$/ }
    : { continued: /(^|[^\\])\\[ \t]*$/, doubled: /\\\\[ \t]*$/ };
}

/** Comments and empty lines, also between continued ones. */
function isSkipped(line: string | undefined): boolean {
  return line === undefined || /^[ \t]*(#|$)/.test(line);
}

function readLogicalLine(
  lines: readonly string[],
  from: number,
  { continued, doubled }: Endings,
): { whole: string; last: number; doubt: string | null } {
  const parts: string[] = [];
  let doubt: string | null = null;
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (isSkipped(line)) continue;
    if (odd.test(line)) doubt ??= "it holds a control character or an unusual blank";
    if (doubled.test(line)) doubt ??= "a line ends in two escapes";
    parts.push(line.replace(continued, "$1"));
    if (!continued.test(line)) break;
  }
  return { whole: parts.join(""), last: at, doubt };
}

function endOf(heredoc: Heredoc, lines: readonly string[], from: number): number {
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if ((heredoc.chomps ? line.replace(/^\t+/, "") : line) === heredoc.name) return at;
  }
  return lines.length;
}

function parse(whole: string): Pick<Instruction, "keyword" | "rest"> {
  const match = /^(?:ONBUILD\s+)*(\S+)\s*([\s\S]*)$/i.exec(whole.trim());
  return { keyword: (match?.[1] ?? "").toUpperCase(), rest: (match?.[2] ?? "").trim() };
}
