import type { Logger } from "pino";
import type { Governor } from "./app-disk.ts";
import type { Pressure } from "./app-pressure.ts";
import type { Site } from "./app-site.ts";
import type { ServerConfig } from "./config/server.ts";
import type { Failure } from "./domain/errors.ts";
import { isUnderWay } from "./domain/preview.ts";
import type { Clock } from "./domain/time.ts";
import type { BuildJobs } from "./engine/build-jobs.ts";
import type { Phase } from "./domain/view.ts";
import type { Housekeeping } from "./reconcile/housekeeping.ts";
import type { Loop } from "./reconcile/loop.ts";
import type { Attempts, Timeline } from "./reconcile/ports.ts";
import type { Store } from "./store/store.ts";
import type { DataBytes } from "./telemetry/data-metrics.ts";
import { createMetrics, type Standing } from "./telemetry/metrics.ts";
import {
  noticeOfDeployment,
  noticeOfDisk,
  noticeOfEngine,
  noticeOfForgeAnswer,
  noticeOfOrphans,
  noticeOfSource,
} from "./telemetry/notices.ts";
import { createNotify } from "./telemetry/notify.ts";
import { createSpans } from "./telemetry/spans.ts";

type Options = {
  config: Pick<ServerConfig, "notify" | "telemetry">;
  server: string;
  version: string;
  store: Pick<Store, "attempts" | "timeline" | "wishes">;
  site: Pick<Site, "view" | "dashboardOrigin">;
  standing(): Standing;
  /** Throws EngineError. */
  data(): Promise<DataBytes>;
  mask(text: string): string;
  clock: Clock;
  log: Logger;
};

const phases: Phase[] = ["pending", "building", "starting", "ready", "asleep", "failed", "blocked", "removing"];

/** What is so now, counted. */
export function standingOf(world: {
  site: Pick<Site, "listed">;
  builds: Pick<BuildJobs, "counts">;
  loop: Pick<Loop, "queueLength">;
  housekeeping: Pick<Housekeeping, "orphans">;
  room: Pick<Pressure, "memory">;
  disk: Pick<Governor, "space">;
}): Standing {
  const views = world.site.listed();
  const inPhase = (phase: Phase) => views.filter((view) => view.phase === phase).length;
  return {
    previews: Object.fromEntries(phases.map((phase) => [phase, inPhase(phase)])),
    queue: world.loop.queueLength(),
    builds: world.builds.counts(),
    orphans: world.housekeeping.orphans(),
    memoryBytes: world.room.memory()?.availableBytes ?? null,
    diskBytes: world.disk.space()?.freeBytes ?? null,
    diskReserveBytes: world.disk.space()?.reserveBytes ?? null,
  };
}

export type Telemetry = ReturnType<typeof createTelemetry>;

/** Listens to what the rooms do and tells the operator: metrics, spans, and notices. */
export function createTelemetry({ config, server, version, store, site, standing, data, mask, clock, log }: Options) {
  const unseen = (error: unknown) => {
    log.debug({ err: error }, "what data takes is not told");
    return null;
  };
  const metrics = createMetrics({ version, standing, data: () => data().catch(unseen) });
  const notify = createNotify({ channels: config.notify, mask, clock, log: log.child({ room: "telemetry" }) });
  const spans = config.telemetry && createSpans({ endpoint: config.telemetry.endpoint, server, version });

  const ended = (key: string, generation: number, outcome: "ready" | "failed" | "superseded"): void => {
    const deployment = store.attempts.of(key).find((each) => each.generation === generation);
    const preview = store.wishes.get(key);
    if (!deployment || !preview) return;
    const { commit, cause, startedAt, readyAt, endedAt, failure } = deployment;
    const code = outcome === "failed" ? (failure?.code ?? null) : null;
    const at = readyAt ?? endedAt ?? clock.now();
    const end = { preview: key, generation, commit, cause, startedAt, endedAt: at, outcome, code };
    metrics.deployment(end);
    spans?.deployment(end);
    const { slug, repository, number } = site.view(preview);
    const shown = { slug, repository, number, pageUrl: `${site.dashboardOrigin}/previews/${slug}` };
    notify.tell(noticeOfDeployment(shown, { ...end, what: failure?.what ?? null }));
  };
  const underWay = (key: string) => store.attempts.of(key).filter(isUnderWay);

  const attempts: Attempts = {
    ...store.attempts,
    commit(key, stack, retired) {
      const committed = store.attempts.commit(key, stack, retired);
      if (committed) ended(key, stack.generation, "ready");
      return committed;
    },
    fail(key, generation, failure) {
      const failing = underWay(key).some((each) => each.generation === generation);
      store.attempts.fail(key, generation, failure);
      if (failing) ended(key, generation, "failed");
    },
    supersede(key, below) {
      const overtaken = underWay(key).filter((each) => each.generation < below);
      store.attempts.supersede(key, below);
      for (const each of overtaken) ended(key, each.generation, "superseded");
    },
    retireAll(key) {
      const overtaken = underWay(key);
      store.attempts.retireAll(key);
      for (const each of overtaken) ended(key, each.generation, "superseded");
    },
  };
  const timeline: Timeline = {
    begin: store.timeline.begin,
    end(event) {
      store.timeline.end(event);
      const isIt = (each: { generation: number; name: string }) =>
        each.generation === event.generation && each.name === event.name;
      // As it is stored: with secrets masked.
      const stored = store.timeline.of(event.preview).find(isIt);
      if (!stored) return;
      const step = { ...event, startedAt: stored.startedAt, endedAt: clock.now(), detail: stored.detail };
      metrics.step(step);
      spans?.step(step);
    },
  };

  return {
    attempts,
    timeline,
    metrics: metrics.text,
    request: metrics.request,
    forgeCall(call: Parameters<typeof metrics.forgeCall>[0]): void {
      metrics.forgeCall(call);
      notify.tell(noticeOfForgeAnswer(call.status));
    },
    sourceRead(source: string, failure: Pick<Failure, "what"> | null): void {
      metrics.sourceRead(source, failure === null ? "done" : "failed", clock.now());
      notify.tell(noticeOfSource(source, failure));
    },
    orphans: (count: number): void => notify.tell(noticeOfOrphans(count)),
    engine: (state: "lost" | "back"): void => notify.tell(noticeOfEngine(state)),
    disk: (words: string, isShort: boolean): void => notify.tell(noticeOfDisk(words, isShort)),
    async [Symbol.asyncDispose]() {
      await notify[Symbol.asyncDispose]();
      await spans?.[Symbol.asyncDispose]();
    },
  };
}
