import { type AuditNote, noteOfSnapshot } from "../domain/audit.ts";
import type { Migrations, RetiredVolume } from "../domain/data.ts";
import type { Heard } from "../domain/intent.ts";
import type { Preview, PullRequest, Repository } from "../domain/preview.ts";
import type { Snapshot, StackSpec } from "../domain/stack.ts";
import type { Clock } from "../domain/time.ts";
import { createAuditStore } from "./audit.ts";
import { createAuditedWrites } from "./audited.ts";
import { createCheckStore } from "./checks.ts";
import { openDatabase } from "./database.ts";
import { createDeliveryStore, type DeliveryId } from "./deliveries.ts";
import { createDeploymentStore } from "./deployments.ts";
import { createImageStore } from "./images.ts";
import { createEditionStore } from "./editions.ts";
import { createPlaceStore } from "./places.ts";
import { createPreviewStore } from "./previews.ts";
import { createPublishedStore } from "./published.ts";
import { createRepositoryStore } from "./repositories.ts";
import { createRequestStore } from "./requests.ts";
import { createSessionStore, type SessionOwner } from "./sessions.ts";
import { createSnapshotStore } from "./snapshots.ts";
import { createTimelineStore } from "./timeline.ts";
import { createTokenStore } from "./tokens.ts";
import { createVolumeStore, type Origin } from "./volumes.ts";

export type Store = ReturnType<typeof openStore>;

/** GitHub offers redelivery for three days; a week is on the safe side. */
const deliveriesKeptMs = 7 * 86_400_000;

/** Opens the one SQLite file, and gives each reader what it needs of it with the time already filled in. */
export function openStore(path: string, clock: Clock) {
  const database = openDatabase(path);
  const repositories = createRepositoryStore(database);
  const places = createPlaceStore(database);
  const previews = createPreviewStore(database, repositories);
  const deliveries = createDeliveryStore(database);
  const deployments = createDeploymentStore(database);
  const requests = createRequestStore(database);
  const timeline = createTimelineStore(database);
  const checks = createCheckStore(database);
  const volumes = createVolumeStore(database);
  const tokens = createTokenStore(database);
  const sessions = createSessionStore(database);
  const snapshots = createSnapshotStore(database);
  const images = createImageStore(database, deployments);
  const editions = createEditionStore(database);
  const audit = createAuditStore(database);
  const now = () => clock.now();
  const audited = createAuditedWrites({ database, previews, deployments, requests, audit, now });
  const note = (each: AuditNote): void => audit.write(each, now());

  return {
    flushed: database.flushed,
    refusal: database.refusal,
    previews,
    repositories,

    places: {
      live: places.live,
      lastAdmitted: places.lastAdmitted,
      /** Gives places to whom `choose` names, of what is so at that moment; answers them. */
      give: (choose: () => string[]): string[] =>
        database.transaction(() => {
          const keys = choose();
          places.admit(keys, now());
          return keys;
        }),
    },
    images: { ...images, rememberPulled: (name: string) => images.rememberPulled(name, now()) },
    requests,
    published: <T>() => createPublishedStore<T>(database),

    intake: {
      commitSoon: database.commitSoon,
      recordDelivery: (id: DeliveryId, at: number) => deliveries.record(id, at),
      ensurePreview: previews.ensure.bind(previews),
      findPreview: previews.get,
      hint: previews.hint.bind(previews),
      addRequest: requests.add.bind(requests),
      sayRepositoryGone: repositories.sayGone.bind(repositories),
      rememberHeard: (id: number, heard: Heard): void => void repositories.rememberHeard(id, heard),
    },

    wishes: {
      get: previews.get,
      put: audited.put,
      putFor: audited.putFor,
      accept: audited.accept,
      answer: audited.answer,
      isRepositorySaidGone: (preview: Preview): boolean => repositories.isSaidGone(preview.repositoryId),
      nameRepository: (repository: Repository): void => void repositories.ensure(repository),
      approve: (key: string, approval: { commit: string; by: string }): void =>
        void previews.approve(key, approval, now()),
      hintOf: previews.hintOf,
      forgetHint: (key: string, hint: PullRequest | null): void =>
        database.transaction(() => {
          if (JSON.stringify(previews.hintOf(key)) === JSON.stringify(hint)) previews.forgetHint(key);
        }),
      waitingRequests: (key: string) => requests.open(key).filter((request) => request.state === "waiting"),
      isAnyToRun: previews.isAnyToRun,
      markGone: (key: string, generation: number): void => void previews.markGone(key, generation, now()),
    },

    attempts: {
      of: deployments.of,
      begin: (attempt: Parameters<typeof deployments.begin>[0]): void => deployments.begin(attempt, now()),
      prepared: audited.prepared,
      enter: (key: string, generation: number, phase: "building" | "starting"): void =>
        void deployments.enter(key, generation, phase),
      stall: (attempt: Parameters<typeof deployments.stall>[0]): number => deployments.stall(attempt, now()),
      /** With the data that it replaces, which is kept for a while. */
      commit: (key: string, stack: StackSpec, retired: readonly Omit<RetiredVolume, "until">[] = []): boolean =>
        database.transaction(() => {
          if (!deployments.commit(key, stack, now())) return false;
          volumes.retire(key, retired, Object.values(stack.resolved?.volumes ?? {}), now());
          return true;
        }),
      fail: (key: string, generation: number, failure: Parameters<typeof deployments.fail>[2]): void =>
        deployments.fail(key, generation, failure, now()),
      trouble: deployments.trouble.bind(deployments),
      supersede(key: string, below: number): void {
        // Most runs find none; only then there is anything of them to end.
        if (deployments.supersede(key, below, now()) > 0) timeline.abort(key, below, now());
      },
      retireAll(key: string): void {
        deployments.retireAll(key, now());
        checks.forget(key);
      },
    },

    checks: {
      of: checks.of,
      logOf: checks.logOf,
      begin: (check: Parameters<typeof checks.begin>[0]): void => checks.begin(check, now()),
      end: (check: Parameters<typeof checks.end>[0]): void => checks.end(check, now()),
      stop: (key: string, which: Parameters<typeof checks.stop>[1]): number => checks.stop(key, which, now()),
    },

    timeline: {
      of: timeline.of,
      begin: (event: Parameters<typeof timeline.begin>[0]): void => timeline.begin(event, now()),
      end: (event: Parameters<typeof timeline.end>[0]): void => timeline.end(event, now()),
    },

    volumes: {
      of: volumes.wholeOf,
      complete: (key: string, volume: string, origin: Origin): void =>
        void volumes.complete(key, volume, origin, now()),
      factsOf: volumes.factsOf,
      saw: (key: string, volume: string, migrations: Migrations): void => volumes.saw(key, volume, migrations),
      mark: (volume: string, count: string | null): void => void volumes.mark(volume, count, now()),
      wrote: (volume: string): void => void volumes.wrote(volume),
      retiredOf: volumes.retiredOf,
      forgetRetired: (volume: string): void => void volumes.forgetRetired(volume),
      expireRetired: (): string[] => volumes.expireRetired(now()),
      forgetAll: volumes.forgetAll,
    },

    tokens: {
      all: tokens.all,
      /** With what the audit is told when it was done. */
      add: (token: Parameters<typeof tokens.add>[0], told: AuditNote): boolean =>
        database.transaction(() => {
          const isNew = tokens.add(token, now());
          if (isNew) note(told);
          return isNew;
        }),
      remove: (name: string, told: AuditNote): boolean =>
        database.transaction(() => {
          const wasThere = tokens.remove(name);
          if (wasThere) note(told);
          return wasThere;
        }),
    },

    sessions: {
      open: (session: { idSha256: string; owner: SessionOwner; expiresAt: number }, told: AuditNote): void =>
        database.transaction(() => {
          sessions.open(session.idSha256, session.owner, session.expiresAt);
          note(told);
        }),
      ownerOf: (idSha256: string): SessionOwner | null => sessions.ownerOf(idSha256, now()),
      close: (idSha256: string, told: AuditNote): void =>
        database.transaction(() => {
          if (sessions.close(idSha256) > 0) note(told);
        }),
    },

    audit: { write: note, list: audit.list },

    /** Forgets what nobody asks for any more, and the audit's entries older than `auditKeepMs`. */
    forgetOld({ auditKeepMs }: { auditKeepMs: number }): void {
      audit.forgetBefore(now() - auditKeepMs);
      deliveries.forgetBefore(now() - deliveriesKeptMs);
      sessions.forgetExpired(now());
    },
    snapshots: {
      use: (key: string) => snapshots.use(key, now()),
      publish: (snapshot: Snapshot, about: Parameters<typeof snapshots.publish>[1]): void =>
        database.transaction(() => {
          snapshots.publish(snapshot, about, now());
          const from = editions.all().filter(({ volume }) => about.editions.some((each) => each.volume === volume));
          const told = noteOfSnapshot(snapshot.volume, about.origin, from);
          if (told !== null) note(told);
        }),
      fail: (volume: string, failure: Parameters<typeof snapshots.fail>[1]): void =>
        void snapshots.fail(volume, failure, now()),
      forget: (volume: string): void => void snapshots.forget(volume),
      all: snapshots.all,
    },

    editions: {
      publish: (edition: Parameters<typeof editions.publish>[0], told: AuditNote): void =>
        database.transaction(() => {
          editions.publish(edition, now());
          note(told);
        }),
      fail: (source: string, failure: Parameters<typeof editions.fail>[1], told: AuditNote): void =>
        database.transaction(() => {
          editions.fail(source, failure, now());
          note(told);
        }),
      see: (source: string): void => void editions.see(source, now()),
      use: (volume: string): void => void editions.use(volume, now()),
      forget: (volume: string): void => void editions.forget(volume),
      all: editions.all,
      readOf: editions.readOf,
    },

    [Symbol.dispose]: () => database[Symbol.dispose](),
  };
}
