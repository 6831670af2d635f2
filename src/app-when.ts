import type { IncomingHttpHeaders } from "node:http";
import type { Logger } from "pino";
import { type ServerConfig, settingsFor } from "./config/server.ts";
import { allowancesOf } from "./domain/allowance.ts";
import { expiresAt, isNearItsEnd } from "./domain/lifetime.ts";
import { isLocal } from "./domain/local.ts";
import { type Deployment, type Preview, servingOf, trustOf } from "./domain/preview.ts";
import { dataEpochOf } from "./domain/reset.ts";
import { earlierThan } from "./domain/rollback.ts";
import type { Clock } from "./domain/time.ts";
import { isVisit } from "./gateway/visit.ts";
import { decideAllowed, decidePull, decideTakeBack, decideVerb, needsFiles, type Rules } from "./intake/decide.ts";
import { judgeAllow } from "./intake/forks.ts";
import { decideExpiry } from "./intake/keep.ts";
import type { Earlier } from "./intake/rollback.ts";
import { every } from "./reconcile/every.ts";
import { createExpiry } from "./reconcile/expiry.ts";
import type { Deciders } from "./reconcile/refresh.ts";
import type { Store } from "./store/store.ts";

const anything: Rules["when"] = { drafts: true, bots: true, label: null, paths: [] };

/** Gives each decision the settings of its repository, and the time. */
export function createDeciders({
  config,
  store,
  clock,
}: {
  config: ServerConfig;
  store: Pick<Store, "attempts" | "volumes">;
  clock: Clock;
}): Deciders {
  const rulesOf = (preview: Preview): Rules => {
    const { when, forks, allow } = settingsFor(config, preview.repository);
    // No rule of a repository is about it: nor is anybody asked which files it changes.
    const wanted = isLocal(preview.repositoryId) ? anything : when;
    const attempts = store.attempts.of(preview.key);
    const served = servingOf(attempts);
    const done = served?.stack?.dataEpoch;
    const reset = done === undefined ? null : { done, due: dataEpochOf(preview.spec, attempts) };
    const data = { reset, retired: store.volumes.retiredOf(preview.key) };
    const about = { serving: served?.generation ?? null, sources: sourcesOf(preview, attempts) };
    return {
      now: clock.now(),
      when: wanted,
      ttlMs: ttlOf(preview, config),
      forks,
      ...about,
      data,
      earlier: earlierOf(attempts, allow),
    };
  };
  return {
    needsFiles: (preview, pull) => needsFiles(preview, pull, rulesOf(preview)),
    decidePull: (preview, pull, files) => decidePull(preview, pull, rulesOf(preview), files),
    decideVerb: (preview, said) => decideVerb(preview, said, rulesOf(preview)),
    decideExpiry: (preview) => decideExpiry(preview, rulesOf(preview)),
    decideTakeBack,
    judgeAllow: (preview, argument) => judgeAllow(preview, argument, rulesOf(preview).forks),
    decideAllowed: (preview, said) => decideAllowed(preview, said, rulesOf(preview)),
  };
}

/** What the newest generation is made of, where it is up: a push may mend one that failed, whatever it changes. */
function sourcesOf({ repositoryId, spec }: Preview, attempts: readonly Deployment[]): Rules["sources"] {
  if (isLocal(repositoryId)) return null;
  const newest = attempts.find(({ generation }) => generation === spec.generation);
  return newest?.phase === "ready" ? (newest.stack?.sources ?? null) : null;
}

/** Where a rollback would lead, with what its stack was allowed then and would not be now. */
function earlierOf(attempts: readonly Deployment[], allow: readonly string[]): Earlier | null {
  const earlier = earlierThan(attempts);
  if (earlier === null) return null;
  const { generation, commit, stack } = earlier;
  return { generation, commit, forbidden: allowancesOf(stack).filter((each) => !allow.includes(each)) };
}

/** How long an unused preview stays; null for one that only `mayfly down` ends. */
export function ttlOf(preview: Preview, config: ServerConfig): number | null {
  if (isLocal(preview.repositoryId)) return null;
  const { ttlMs } = settingsFor(config, preview.repository);
  const { pull } = preview.spec;
  return pull !== null && trustOf(pull) === "fork" ? ttlMs / 4 : ttlMs;
}

/** Each visit is news, a row is written once a minute. */
const visitRestMs = 60_000;

/** Writes down that somebody looks at a preview. */
export function createVisits({ store, clock, log }: { store: Pick<Store, "previews">; clock: Clock; log: Logger }) {
  const written = new Map<string, number>();
  return ({ preview }: { preview: string }, { kind, headers }: Visit): void => {
    const now = clock.now();
    // An open stream is a page that somebody may have left open for days; what it asks for by itself is a request.
    if (kind !== "request" || now - (written.get(preview) ?? 0) < visitRestMs || !isVisit(headers)) return;
    written.set(preview, now);
    try {
      store.previews.visited(preview, now);
    } catch (error) {
      // On a full disk, say: who looks is served all the same, and the next minute's visit is written.
      log.warn({ preview, err: error }, "a visit was not written down");
    }
  };
}

type Visit = { kind: "request" | "traffic"; headers: IncomingHttpHeaders };

/** Looks for previews and replaced data whose time is over or nearly: often enough for the shortest there is, at most each second. */
export function watchExpiry(world: {
  config: ServerConfig;
  store: Pick<Store, "previews" | "volumes">;
  wake(key: string): void;
  tell(key: string): void;
  look(key: string): void;
  clock: Clock;
  log: Pick<Logger, "error">;
}): AsyncDisposable {
  const { config, store, clock } = world;
  const shortest = Math.min(
    ...[config.defaults, ...Object.values(config.repositories ?? {})].map(({ ttlMs }) => ttlMs),
  );
  const watching = new AsyncDisposableStack();
  watching.use(watchRetired(world));
  const expiry = createExpiry({
    ...world,
    live: () => store.previews.list({ gone: false }),
    isExpired: (preview) => (expiresAt(preview, ttlOf(preview, config)) ?? Infinity) <= clock.now(),
    isNearItsEnd: (preview) => isNearItsEnd(preview, ttlOf(preview, config), clock.now()),
    everyMs: Math.max(1000, Math.min(60_000, shortest / 4 / 12)),
  });
  watching.use(expiry);
  return watching;
}

/** Replaced data goes when its time is over, whether anything else happens to its preview or not. */
export function watchRetired({
  store,
  look,
  clock,
  log,
}: {
  store: { volumes: Pick<Store["volumes"], "expireRetired"> };
  look(key: string): void;
  clock: Clock;
  log: Pick<Logger, "error">;
}): AsyncDisposable {
  const failed = "looking for replaced data that is due failed";
  const lookAtDue = () => store.volumes.expireRetired().forEach(look);
  return every({ everyMs: 60_000, look: lookAtDue, failed, clock, log });
}
