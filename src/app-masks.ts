import { type DestinationStream, type Logger, pino } from "pino";
import type { Failure, Finding } from "./domain/errors.ts";
import { maskKnown } from "./feedback/known-values.ts";
import { maskLines, maskSecrets } from "./feedback/masking.ts";
import type { Keeper } from "./secrets/keeper.ts";
import type { Store } from "./store/store.ts";

export type Masks = ReturnType<typeof createMasks>;

/** What hides secrets in everything that is told, written or logged. */
export function createMasks(keeper: Keeper) {
  return {
    /** In what people of a repository read. */
    of: (text: string, { repositoryId }: { repositoryId: number }) => maskSecrets(text, keeper.known(repositoryId)),
    /** Known values only, a line at a time, as in a build's log. */
    line: (text: string, { repositoryId }: { repositoryId: number }) => maskKnown(text, keeper.known(repositoryId)),
    /** In what the operator reads. */
    all: (text: string) => maskSecrets(text, keeper.knownAll()),
  };
}

/** Our own log: no value of anybody's secret, whatever object or error it comes with. */
export function createLog(keeper: Keeper, destination?: DestinationStream): Logger {
  const mask = (text: string) => maskKnown(text, keeper.knownAll());
  const err = (error: Error) => {
    const told = pino.stdSerializers.err(error);
    const lines: unknown = told["logTail"];
    return Array.isArray(lines) ? { ...told, logTail: maskLines(lines, mask) } : told;
  };
  const options = { serializers: { err }, hooks: { streamWrite: mask } };
  return destination ? pino(options, destination) : pino(options);
}

/** The store, which is never told what must not be read in it: failures, findings and details come in masked. */
export function maskedStore(store: Store, masks: Pick<Masks, "of">): Store {
  const maskFor = (key: string) => {
    const preview = store.wishes.get(key);
    return (text: string) => (preview ? masks.of(text, preview) : "");
  };
  return {
    ...store,
    attempts: {
      ...store.attempts,
      prepared: (key, stack, findings) =>
        store.attempts.prepared(
          key,
          stack,
          findings.map((finding) => maskFinding(finding, maskFor(key))),
        ),
      fail: (key, generation, failure) => store.attempts.fail(key, generation, maskFailure(failure, maskFor(key))),
      trouble: (key, generation, failure) =>
        store.attempts.trouble(key, generation, failure && maskFailure(failure, maskFor(key))),
    },
    checks: {
      ...store.checks,
      end(check) {
        const mask = maskFor(check.preview);
        const detail = check.detail === null ? null : mask(check.detail);
        store.checks.end({ ...check, detail, log: maskLines(check.log, mask) });
      },
    },
    timeline: {
      ...store.timeline,
      end: (event) =>
        store.timeline.end({ ...event, detail: event.detail === null ? null : maskFor(event.preview)(event.detail) }),
    },
  };
}

function maskFailure(failure: Failure, mask: (text: string) => string): Failure {
  return {
    ...failure,
    what: mask(failure.what),
    now: mask(failure.now),
    logTail: maskLines(failure.logTail, mask),
    findings: failure.findings.map((finding) => maskFinding(finding, mask)),
    ...(failure.suspects && {
      suspects: failure.suspects.map((each) => ({ ...each, what: mask(each.what), now: mask(each.now) })),
    }),
  };
}

function maskFinding(finding: Finding, mask: (text: string) => string): Finding {
  return { ...finding, message: mask(finding.message), hint: mask(finding.hint) };
}
