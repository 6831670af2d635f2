import type { ApiWorld, LogLine, LogOptions } from "./api/world.ts";
import type { AccessDesk } from "./app-access.ts";
import { createAuthWorld } from "./app-auth.ts";
import type { Governor } from "./app-disk.ts";
import type { Pressure } from "./app-pressure.ts";
import { createVerbs } from "./app-verbs.ts";
import type { Site } from "./app-site.ts";
import type { Ground } from "./app-state.ts";
import { newestOf } from "./domain/preview.ts";
import type { BuildJobs } from "./engine/build-jobs.ts";
import { follow } from "./engine/logs.ts";
import { observe } from "./engine/observe.ts";
import { formatPlan, resourceOf, verbOf } from "./plan/step.ts";
import type { Deciders } from "./reconcile/refresh.ts";
import type { Loop } from "./reconcile/loop.ts";
import { previewPlan } from "./reconcile/reconcile.ts";

type Options = Ground & {
  site: Site;
  access: AccessDesk;
  loop: Loop;
  builds: Pick<BuildJobs, "buildLog">;
  deciders: Deciders;
  orphans(): number;
  disk: Pick<Governor, "space" | "words">;
  room: Pick<Pressure, "memory">;
  metrics(): Promise<string>;
  mask(text: string, of: { repositoryId: number }): string;
  learn(key: string): Promise<void>;
  receiveWebhook: ApiWorld["receiveWebhook"];
  clientAddress: ApiWorld["clientAddress"];
  permissionOf: ApiWorld["permissionOf"];
  visit: ApiWorld["visit"];
  local: ApiWorld["local"];
  snapshots: ApiWorld["snapshots"];
};

/** Fits store, loop and engine to what the API and the dashboard ask for. */
export function createApiWorld(options: Options): ApiWorld {
  const { config, store, site, loop, docker, server } = options;
  const numbers = () => {
    const views = site.listed();
    return {
      up: views.filter(({ phase }) => phase === "ready").length,
      asleep: views.filter(({ phase }) => phase === "asleep").length,
      waiting: views.filter(({ queue }) => queue !== null).length,
      orphans: options.orphans(),
    };
  };
  return {
    receiveWebhook: options.receiveWebhook,
    local: options.local,
    snapshots: options.snapshots,
    previews: site.listed,
    preview: (id) => {
      const preview = site.find(id);
      return preview && site.view(preview);
    },
    flushed: store.flushed,
    timeline: store.timeline.of,
    deployments: store.attempts.of,
    observe: (key) => observe(docker, server, key),
    logs: (key, log) => serviceLogs(key, log, options),
    buildLogs: (key, log) => buildLogs(key, log, options),
    checkLog: (key, name) => store.checks.logOf(key, newestOf(store.attempts.of(key))?.generation ?? 0, name),
    plan: async (key) => {
      const plan = await previewPlan(key, loop.world, AbortSignal.timeout(60_000));
      const steps = plan.steps.map((step) => ({
        step: verbOf(step),
        resource: resourceOf(step),
        cause: step.cause,
        after: step.after,
      }));
      return { text: formatPlan(plan), steps };
    },
    ...createVerbs(options),
    changes: site.watch,
    metrics: options.metrics,
    ready() {
      const refusal = store.refusal();
      return { ok: refusal === null, reason: refusal && `the state cannot be written: ${refusal}` };
    },
    numbers,
    server: () => ({
      disk: options.disk.space(),
      memory: options.room.memory(),
      notices: [options.disk.words()].filter((words) => words !== null),
    }),
    ...createAuthWorld(options),
    dashboardOrigin: site.dashboardOrigin,
    webUrl: config.github.webUrl,
    clock: options.clock,
    log: options.log.child({ room: "api" }),
  };
}

function maskOf(key: string, { store, mask }: Pick<Options, "store" | "mask">): (text: string) => string {
  const preview = store.wishes.get(key);
  // Whoever asks has found the preview: without its row there is nothing to tell.
  return preview === null ? () => "" : (text) => mask(text, preview);
}

async function* serviceLogs(
  key: string,
  { service, follow: live, tail, signal }: LogOptions,
  options: Options,
): AsyncGenerator<LogLine> {
  const target = { server: options.server, preview: key, ...(service !== undefined && { service }) };
  const mask = maskOf(key, options);
  await options.learn(key);
  for await (const { service: name, line, at } of follow(options.docker, target, { tail, live, signal })) {
    yield { service: name, line: mask(line), at };
  }
}

/** The newest attempt's builds; followed by asking again, since a build's log is a file. */
async function* buildLogs(
  key: string,
  { follow: live, signal }: Pick<LogOptions, "follow" | "signal">,
  options: Options,
): AsyncGenerator<Omit<LogLine, "at">> {
  const told = new Map<string, number>();
  const mask = maskOf(key, options);
  for (;;) {
    const newest = newestOf(options.store.attempts.of(key));
    for (const build of newest?.stack?.builds ?? []) {
      const lines = (await options.builds.buildLog(build.tag)) ?? [];
      for (const line of lines.slice(told.get(build.tag) ?? 0)) yield { service: build.name, line: mask(line) };
      told.set(build.tag, lines.length);
    }
    if (!live || signal.aborted || newest?.phase !== "building") return;
    await options.clock.sleep(500, signal).catch(() => {
      // The reader left: seen by the loop's own check.
    });
  }
}
