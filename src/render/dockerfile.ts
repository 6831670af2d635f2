/** One instruction of a Dockerfile: its keyword in capitals, its text with continued lines joined, its first line. */
export type Instruction = { keyword: string; rest: string; line: number };

/**
 * Splits a Dockerfile into instructions as BuildKit does, except that the lines of a heredoc are taken for instructions
 * as well: whoever polices them sees too much rather than too little.
 */
export function readInstructions(text: string): Instruction[] {
  const escape = /^#\s*escape\s*=\s*`\s*$/im.test(text) ? "`" : "\\";
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const instructions: Instruction[] = [];
  let open: { parts: string[]; line: number } | null = null;
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const continues = trimmed.endsWith(escape);
    open ??= { parts: [], line: index + 1 };
    open.parts.push(continues ? trimmed.slice(0, -1) : trimmed);
    if (continues) continue;
    instructions.push(parse(open));
    open = null;
  }
  if (open) instructions.push(parse(open));
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

function parse({ parts, line }: { parts: string[]; line: number }): Instruction {
  const whole = parts.join("");
  const match = /^(?:ONBUILD\s+)*(\S+)\s*([\s\S]*)$/i.exec(whole);
  return { keyword: (match?.[1] ?? "").toUpperCase(), rest: (match?.[2] ?? "").trim(), line };
}
