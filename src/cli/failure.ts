import { cleanText } from "../domain/clean-text.ts";
import { describeFailure, MayflyError } from "../domain/errors.ts";
import type { ExitCode } from "./command.ts";
import { otherRefusals } from "./show.ts";
import type { Terminal } from "./terminal.ts";

/** Tells a failure beside the answer: what and where, the last lines, what now. Answers the exit code. */
export function tell(error: unknown, { complain, environment }: Terminal): ExitCode {
  const isDebugging = Boolean(environment["MAYFLY_DEBUG"]);
  if (!(error instanceof MayflyError)) {
    const text = error instanceof Error ? error.message : String(error);
    complain(
      isDebugging && error instanceof Error ? (error.stack ?? text) : cleanText(`Mayfly made a mistake: ${text}`),
    );
    if (!isDebugging) complain("Set MAYFLY_DEBUG=1 to see where.");
    return 1;
  }
  const { what, where, now, logTail, findings } = describeFailure(error);
  complain(cleanText(where === null ? what : `${where}  ${what}`));
  for (const line of otherRefusals(findings)) complain(cleanText(line));
  for (const line of logTail) complain(cleanText(`  ${line}`));
  complain(cleanText(now));
  if (isDebugging) complain(error.stack ?? "");
  return error.code === "usage" ? 2 : 1;
}
