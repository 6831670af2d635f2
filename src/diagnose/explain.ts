import type { Failure } from "../domain/errors.ts";
import type { Suspect } from "../domain/facts.ts";
import type { Case } from "./case.ts";
import { findSuspects } from "./suspects.ts";

/** How many are told beside the surest. */
const mostSuspects = 3;
const symptomLength = 200;

/**
 * A failure with its cause, where one was found: what, where and what now are the surest suspect's, and what was seen
 * stands behind it. Where none is sure it stays as it is.
 */
export function explain(about: Case): Failure {
  const failure = { ...about.failure, logTail: linesOf(about) };
  const suspects = findSuspects(about).slice(0, mostSuspects);
  const [first] = suspects;
  if (first === undefined) return failure;
  const { now } = first;
  return { ...failure, what: tell(first, failure), where: first.where ?? failure.where, now, suspects };
}

/** What ended without anybody waiting for it was not asked for its last lines. */
function linesOf({ failure, container }: Case): string[] {
  return failure.logTail.length > 0 ? failure.logTail : [...(container?.lines ?? [])].slice(-20);
}

function tell({ id, what }: Suspect, failure: Failure): string {
  if (id === "out-of-memory") return what;
  return `${what} (${symptomOf(failure)})`;
}

/** Without the service's name, which the cause tells. */
function symptomOf({ what, service }: Failure): string {
  const isNamed = service !== null && what.startsWith(`${service} `);
  const symptom = isNamed ? what.slice(service.length + 1) : what;
  return symptom.length <= symptomLength ? symptom : `${symptom.slice(0, symptomLength - 1)}…`;
}
