import { catalogue, type ErrorCode } from "./catalogue.ts";
import type { HealthLook, RouteAnswer, Suspect } from "./facts.ts";

/** Whether the same call may succeed later without anybody acting. */
export type Retry = "never" | "backoff";

type Details = { hint?: string; cause?: unknown; retry?: Retry };

/** The only thing we throw. `message` says what and where, `hint` says what to do now. */
export class MayflyError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retry: Retry;
  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint ?? catalogue[code].hint;
    this.retry = details.retry ?? "never";
  }
}

/** Where in a document: 1-based line and column. */
export type Place = { file: string; line: number; column: number };

/** The author (or operator) must mend a file or a call. */
export class InputError extends MayflyError {
  readonly place: Place | undefined;
  constructor(code: ErrorCode, message: string, details: Details & { place?: Place | undefined } = {}) {
    super(code, message, details);
    this.place = details.place;
  }
}

/** One thing said about a line of the author's files. */
export type Finding = {
  file: string;
  line: number;
  column: number;
  action: "rewrite" | "refuse" | "note";
  code: string;
  message: string;
  hint: string;
  /** What it says of one key of `services.web`, say: findings that say the same are told together. */
  about?: { section: string; owner: string; key: string; means: string };
};

/** The author asked for what a preview never gets; all findings at once. */
export class PolicyError extends MayflyError {
  readonly findings: readonly Finding[];
  constructor(findings: readonly Finding[]) {
    const first = findings.find((finding) => finding.action === "refuse");
    const more = findings.filter((finding) => finding.action === "refuse").length - 1;
    const text = first ? `${formatPlace(first)} ${first.message}` : "the stack is refused";
    super("policy-refused", more > 0 ? `${text} (and ${more} more)` : text, first ? { hint: first.hint } : {});
    this.findings = findings;
  }
}

/** git or the files of a checkout failed. */
export class SourceError extends MayflyError {}

type ServiceDetails = {
  service?: string;
  logTail?: readonly string[];
  health?: HealthLook | undefined;
  answer?: RouteAnswer | undefined;
};

/** The operator's Docker host failed, or a container on it did. */
export class EngineError extends MayflyError {
  /** The service that failed, when one did. */
  readonly service: string | undefined;
  /** Its last log lines, oldest first, unmasked. */
  readonly logTail: readonly string[];
  /** How its health check went, when that was what failed. */
  readonly health: HealthLook | null;
  /** What its route answered, when that was not good. */
  readonly answer: RouteAnswer | null;
  constructor(code: ErrorCode, message: string, details: Details & ServiceDetails = {}) {
    super(code, message, details);
    this.service = details.service;
    this.logTail = details.logTail ?? [];
    this.health = details.health ?? null;
    this.answer = details.answer ?? null;
  }
}

/** GitHub failed or refused. `status` is the HTTP status, when there was one. */
export class RemoteError extends MayflyError {
  readonly status: number | undefined;
  /** Milliseconds GitHub asked us to wait, when it did. */
  readonly retryAfterMs: number | undefined;
  constructor(code: ErrorCode, message: string, details: Details & { status?: number; retryAfterMs?: number } = {}) {
    super(code, message, details);
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** A failure as it is stored and shown: what, where, what now. Plain data. */
export type Failure = {
  code: ErrorCode;
  what: string;
  where: string | null;
  now: string;
  service: string | null;
  logTail: string[];
  findings: Finding[];
  retry: Retry;
  /** Causes that were found, the surest first: `what`, `where` and `now` are its. */
  suspects?: Suspect[];
};

/** Turns anything thrown into what is stored and shown; an unknown error becomes `internal`. */
export function describeFailure(error: unknown): Failure {
  const known = error instanceof MayflyError ? error : new MayflyError("internal", errorText(error), { cause: error });
  return {
    code: known.code,
    what: known.message,
    where: known instanceof InputError && known.place ? formatPlace(known.place) : null,
    now: known.hint,
    service: known instanceof EngineError ? (known.service ?? null) : null,
    logTail: known instanceof EngineError ? [...known.logTail] : [],
    findings: known instanceof PolicyError ? [...known.findings] : [],
    retry: known.retry,
  };
}

/** `file:line:column`, as editors and terminals link it. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
