import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { EngineError } from "../domain/errors.ts";
import type { Trace } from "./build-trace.ts";
import { cleanLine, createLineSplitter, type LineSink, lineLimit } from "./log-lines.ts";

/** The log of one build under way: a file for the page, the last lines for a failure. */
export type BuildLog = Disposable & {
  /** Takes in one message of the build. */
  add(trace: Trace): void;
  /** Its last 200 lines. */
  lines(): string[];
  /** Its last 20 lines; those of the step that failed where one did: others go on beside it until they are stopped. */
  tail(): string[];
  /** The step that ended with an error, the last one when several did; what was only stopped for it counts where nothing else does. */
  failed(): { name: string; error: string } | null;
  /** A program was run: not all was copied, or taken from the cache. */
  ran(): boolean;
  /** The step that is being run, for a build that takes too long. */
  running(): string | null;
};

type StepLog = { number: number; name: string; started: boolean; ended: boolean; error: string; output: LineSink };

const fileLimitBytes = 5 * 1024 * 1024;
const keptLines = 200;

/**
 * Opens a build's log; `file` is written up to 5 MiB, each line as `mask` leaves it. A line is `#2 [2/4] RUN npm ci` for a step, `#2 …` for what it
 * says. Synchronous writes: BuildKit holds a step's output under 200 KiB/s.
 */
export function createBuildLog(
  file: string,
  onLine: (line: string) => void = () => undefined,
  mask: (line: string) => string = (line) => line,
): BuildLog {
  const handle = unlessFull(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return openSync(file, "w", 0o600);
  });
  const kept: string[] = [];
  const steps = new Map<string, StepLog>();
  let written = 0;
  let hasRun = false;

  const put = (said: string) => {
    const line = mask(said);
    kept.push(line);
    if (kept.length > keptLines) kept.shift();
    onLine(line);
    if (written > fileLimitBytes) return;
    written += Buffer.byteLength(line) + 1;
    const text = written > fileLimitBytes ? "(the log is cut here, at 5 MiB)\n" : `${line}\n`;
    unlessFull(file, () => writeSync(handle, text));
  };

  const stepOf = (digest: string): StepLog => {
    const known = steps.get(digest);
    if (known) return known;
    const number = steps.size + 1;
    const output = createLineSplitter((line) => put(`#${number} ${cleanLine(line)}`));
    const step: StepLog = { number, name: "", started: false, ended: false, error: "", output };
    steps.set(digest, step);
    return step;
  };

  return {
    add({ vertexes, logs }) {
      for (const vertex of vertexes) {
        if (isPreparation(vertex.name) && vertex.error === "") continue;
        const step = stepOf(vertex.digest);
        step.name = cleanLine(vertex.name.slice(0, lineLimit));
        step.error = cleanLine(vertex.error.slice(0, lineLimit).replaceAll("\n", " "));
        if (vertex.started && !step.started) put(`#${step.number} ${step.name}`);
        step.started ||= vertex.started;
        hasRun ||= vertex.completed && !vertex.cached && / RUN /.test(vertex.name);
        if (vertex.completed) end(step, vertex.cached);
      }
      for (const { vertex, text } of logs) stepOf(vertex).output.write(text);
    },
    lines: () => [...kept],
    tail() {
      const own = kept.filter((line) => line.startsWith(`#${failed()?.number} `));
      return (own.length > 0 ? own : kept).slice(-20);
    },
    failed,
    ran: () => hasRun,
    running: () => [...steps.values()].findLast((step) => step.started && !step.ended)?.name ?? null,
    [Symbol.dispose]: () => closeSync(handle),
  };

  function failed(): StepLog | null {
    const all = [...steps.values()].filter((step) => step.error !== "");
    return all.findLast(({ error }) => !error.includes("context canceled")) ?? all.at(-1) ?? null;
  }

  function end(step: StepLog, cached: boolean): void {
    step.output.end();
    if (step.ended) return;
    step.ended = true;
    put(`#${step.number} ${step.error === "" ? (cached ? "CACHED" : "DONE") : `ERROR: ${step.error}`}`);
  }
}

/** What BuildKit does before the Dockerfile: reading it, and unpacking contexts. */
function isPreparation(name: string): boolean {
  return name.startsWith("[internal]") || name === "copy /context /" || name.startsWith("http://buildkit-session/");
}

/** The disk of the state folder is the operator's to clear. */
function unlessFull<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    throw new EngineError("disk-full", `a build's log could not be written to ${dirname(file)}: the disk is full`, {
      hint: "Make room on the disk of Mayfly's state folder, then push again or say /redeploy.",
      cause: error,
    });
  }
}
