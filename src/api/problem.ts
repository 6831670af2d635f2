import { catalogue, type ErrorCode } from "../domain/catalogue.ts";
import { describeFailure, type Failure, MayflyError } from "../domain/errors.ts";

/** Statuses of what a caller did wrong and of what comes back by itself; the rest is 422: understood, but it cannot be. */
const statuses: Partial<Record<ErrorCode, number>> = {
  "body-invalid": 400,
  "invalid-value": 400,
  usage: 400,
  unauthorized: 401,
  "bad-signature": 401,
  "sign-in-failed": 401,
  forbidden: 403,
  "not-found": 404,
  "nothing-changed": 409,
  "body-too-large": 413,
  "rate-limited": 429,
  internal: 500,
  "engine-unreachable": 503,
  "forge-unreachable": 503,
  "forge-limited": 503,
};

/** The HTTP status of a failure. */
export function statusOf({ code }: Pick<Failure, "code">): number {
  return statuses[code] ?? 422;
}

/** A failure as problem+json (RFC 9457), with our own `code` and what to do now as `hint`. */
export function problemOf(failure: Failure, status = statusOf(failure)) {
  const { code, what, now, where, service, logTail, findings } = failure;
  const title = catalogue[code].title;
  return {
    type: `urn:mayfly:error:${code}`,
    title,
    status,
    code,
    detail: what,
    hint: now,
    where,
    service,
    logTail,
    findings,
  };
}

/** The answer for a failure. */
export function problemAnswer(failure: Failure, status = statusOf(failure)): Response {
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (failure.code === "unauthorized") headers.set("www-authenticate", 'Bearer realm="mayfly"');
  // The longest that it may take: counts begin anew each minute.
  if (failure.code === "rate-limited") headers.set("retry-after", "60");
  return new Response(JSON.stringify(problemOf(failure, status)), { status, headers });
}

/** What a caller may know of anything thrown: the words of an unknown error are for the log alone. */
export function tellFailure(error: unknown, during: string): Failure {
  return describeFailure(
    error instanceof MayflyError ? error : new MayflyError("internal", `${during} failed`, { cause: error }),
  );
}
