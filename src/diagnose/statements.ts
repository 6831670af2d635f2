import type { Case, Found } from "./case.ts";
import { missingPorts } from "./sockets.ts";

/** A cause that is known by what programs write when they meet it. */
export type SaidRow = {
  id: string;
  /** Read line by line. What they read is hostile: none repeats a repetition. */
  patterns: readonly RegExp[];
  /** Plain words that also stand where nothing failed: they count only as the last thing that was said. */
  isPlain?: true;
  /** Also looked for in what a build or a seed said. */
  isEverywhere?: true;
  /** Null where what is known around it does not bear it out. */
  judge(match: RegExpExecArray, about: Case): Found | null;
};

/** What went on when it failed: that tells how much a line means. */
type Moment = "ended" | "silent" | "answering" | "unhealthy" | "made";

const readLines = 60;
const readLength = 1000;

/**
 * The causes that the last lines tell of, in the order of the rows. A line counts where it is close to the end and
 * nothing else was thrown after it: what a program got over says nothing of how it ended.
 */
export function findSaid(about: Case, rows: readonly SaidRow[]): { id: string; found: Found }[] {
  const moment = momentOf(about);
  const lines = (about.container?.lines ?? about.failure.logTail)
    .slice(-readLines)
    .map((line) => line.slice(0, readLength));
  const eligible = rows.filter((row) => moment !== "made" || row.isEverywhere);
  const matches = eligible.map((row) => matchesOf(row, lines));
  const explained = new Set(matches.flat().map(({ index }) => index));
  const thrown = lines.findLastIndex((line, index) => !explained.has(index) && isThrown(line));
  return eligible.flatMap((row, at) => {
    const own = (matches[at] ?? []).filter(({ index }) =>
      counts(index, { moment, lines, row, thrown, all: matches[at] ?? [] }),
    );
    for (const { match } of own.toReversed()) {
      const found = row.judge(match, about);
      if (found !== null) return [{ id: row.id, found }];
    }
    return [];
  });
}

type Match = { index: number; match: RegExpExecArray };

function matchesOf({ patterns }: SaidRow, lines: readonly string[]): Match[] {
  return lines.flatMap((line, index) => {
    const match = firstMatch(patterns, line);
    return match === null ? [] : [{ index, match }];
  });
}

function firstMatch(patterns: readonly RegExp[], line: string): RegExpExecArray | null {
  for (const pattern of patterns) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return null;
}

function momentOf(about: Case): Moment {
  const { container, failure, answer, health } = about;
  if (container === null || failure.code === "seed-failed") return "made";
  if (container.state !== "running") return "ended";
  if (answer !== null || failure.code === "probe-failed") return "answering";
  const isOpen = container.listeners !== null && missingPorts(about).length === 0;
  return health === null && !isOpen ? "silent" : "unhealthy";
}

type Around = { moment: Moment; lines: readonly string[]; row: SaidRow; thrown: number; all: readonly Match[] };

function counts(index: number, { moment, lines, row, thrown, all }: Around): boolean {
  if (isGotOver(lines[index] ?? "")) return false;
  const after = lines.slice(index + 1).filter((line) => !isBeside(line)).length;
  switch (moment) {
    case "ended":
    case "made":
      return thrown < index && after <= (row.isPlain ? 1 : 8);
    case "silent":
      return row.isPlain ? after === 0 : after <= 12;
    case "answering":
      return after <= (row.isPlain ? 3 : 12);
    case "unhealthy":
      // What it says again and again it has not got over.
      return all.length > 1 && !row.isPlain;
  }
}

/** What a program says of something that it goes on without. */
function isGotOver(line: string): boolean {
  return /\b(?:warn|warning|ignor(?:ed|ing)|continuing|going on|falling back|fallback|skipp(?:ed|ing)|optional|(?<!user is )disabled)\b/i.test(
    line,
  );
}

/** Parts of a trace, and what runners of programs add below: no statement of its own. */
function isBeside(line: string): boolean {
  return /^\s|^$|^[\]})^]|^(?:node:internal|Node\.js v|npm |yarn |error Command|info Visit|Traceback|File |at |goroutine |ELIFECYCLE|\[nodemon\]|exit status)/.test(
    line,
  );
}

/** The first line of something thrown. */
function isThrown(line: string): boolean {
  return /^(?:Uncaught |Unhandled )?[\w.$:]{0,120}(?:Error|Exception)\b[^\n]{0,3}[:[(]|^panic: |^fatal error: |^Segmentation fault/.test(
    line,
  );
}
