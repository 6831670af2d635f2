import { join } from "node:path";
import type { Logger } from "pino";
import { createApi } from "./api/server.ts";
import { createAccessDesk } from "./app-access.ts";
import { createApiWorld } from "./app-api.ts";
import { createData } from "./app-data.ts";
import { createLocalPreviews, keepLocalPulls, withLocalPulls } from "./app-local.ts";
import { clock, randomId } from "./app-outside.ts";
import { createGovernor } from "./app-disk.ts";
import { gatewaySettings, ownSite } from "./app-gateway.ts";
import { openGitHub, repositoriesOf } from "./app-github.ts";
import { createPlaces } from "./app-places.ts";
import { createPressure } from "./app-pressure.ts";
import { createRenderer } from "./app-render.ts";
import { followSuccessor, lookAround, routeAll } from "./app-restart.ts";
import { buildGifts, createLearner, secretPrints } from "./app-secrets.ts";
import { createSite } from "./app-site.ts";
import { createSnapshotDesk } from "./app-snapshots.ts";
import { createSleep } from "./app-sleep.ts";
import { withGitParts } from "./app-source.ts";
import { openState } from "./app-state.ts";
import { createTeller } from "./app-tell.ts";
import { closeDoors, handOver, hearTheRest, type Start, type Succession } from "./app-tenure.ts";
import { createTelemetry, standingOf, type Telemetry } from "./app-telemetry.ts";
import { createWayIn } from "./app-way-in.ts";
import { createDeciders, watchExpiry } from "./app-when.ts";
import { createWork } from "./app-work.ts";
import { isOurs, type ServerConfig } from "./config/server.ts";
import { createBuildJobs } from "./engine/build-jobs.ts";
import { createBuildMemory } from "./engine/build-memory.ts";
import { isOnThisMachine } from "./engine/docker.ts";
import { observeOwned } from "./engine/observe.ts";
import { createGateway } from "./gateway/gateway.ts";
import { createSwitchboard } from "./gateway/switchboard.ts";
import { createIntake } from "./intake/intake.ts";
import { createWebhook } from "./intake/webhook.ts";
import { createHousekeeping } from "./reconcile/housekeeping.ts";
import { createLoop } from "./reconcile/loop.ts";
import { createSource } from "./source/source.ts";

export { connectGitHub } from "./app-connect.ts";
export { clearHost, proposeManifest, renderDirectory } from "./app-offline.ts";

export type App = AsyncDisposable & Succession & { url: string; dashboardLink: string; port: number };

/** Previews brought to their wish side by side; builds have a limit of their own. */
const parallel = 8;

/** Starts the whole server, every room in flow order. Disposing it stops in the reverse order; the previews go on running. */
export async function createApp(config: ServerConfig, options: Start & { log?: Logger } = {}): Promise<App> {
  await using opening = new AsyncDisposableStack();

  const ground = await openState(config, opening, options);
  const { state, tenure, server, keeper, masks, store, docker, log } = ground;
  const gitHub = openGitHub(config.github, { clock, log, heard: (call) => telemetry.forgeCall(call) });
  const { client: github } = gitHub;

  // Where text comes from, and whom we tell.
  const { webUrl } = config.github;
  const environment = config.gitEnvironment;
  const source = createSource({ state, webUrl, token: github.gitToken, environment, randomId, clock, log });
  await source.sweep();

  // The engine, and what people are shown of it.
  const isLocal = isOnThisMachine(config.engine.host);
  const snapshotsGo = () => data.snapshots.sweep("needed");
  const disk = createGovernor({
    ...ground,
    isLocal,
    snapshots: snapshotsGo,
    tell: (...told) => telemetry.disk(...told),
  });
  const onEnd = (key: string) => loop.look(key);
  const jobs = { logFolder: join(state, "logs"), mask: masks.line, gifts: buildGifts(keeper, config), onEnd };
  const memory = createBuildMemory({ ...config.builds, server, isLocal, clock, log });
  const builds = opening.use(createBuildJobs({ ...config.builds, ...jobs, docker, disk, memory, server, clock, log }));
  const onRead: Telemetry["sourceRead"] = (...read) => telemetry.sourceRead(...read);
  const data = opening.use(createData({ ...ground, disk, onEnd, onRead }));
  const learn = createLearner(ground);
  const access = createAccessDesk(ground);
  const places = createPlaces(ground);
  const turnOf = (key: string) => places.turnOf(key) ?? room.turnOf(key);
  const site = createSite({ ...ground, access, turnOf, mask: masks.of });
  const switchboard = createSwitchboard(site.hostOf);
  const sleep = createSleep({
    ...ground,
    switchboard,
    underWay: (generation) => gateway.underWay(generation, "request"),
    isWaking: (key) => gateway.awaited().includes(key) || loop.isWaking(key),
    rest: (key) => loop.rest(key),
  });
  const room = createPressure({ ...ground, isLocal, places, sleep, tell: (key) => loop.world.changed(key) });
  const gateway = createGateway({
    own: { ...ownSite(config, site.dashboardOrigin), handle: (request, response) => api.handle(request, response) },
    table: switchboard.table,
    pages: { view: site.page, subscribe: site.watchOne },
    access: access.port,
    activity: sleep.activity,
    wake: sleep.wake,
    carried: (request) => telemetry.request(request),
    ...gatewaySettings(config),
    clock,
    log,
  });
  const telemetry: Telemetry = opening.use(
    createTelemetry({
      ...ground,
      version: options.version ?? "unknown",
      site,
      data: () => snapshots.use(),
      standing: () => standingOf({ site, builds, loop, housekeeping, room, disk }),
      mask: masks.all,
    }),
  );

  // A preview's host answers from the moment it is heard of: the reviewer may be quicker than the first step.
  const show = (key: string) => {
    const preview = store.wishes.get(key);
    if (preview) switchboard.show(preview, site.routeState(preview));
    site.announce(key);
  };
  const wake = (key: string) => {
    show(key);
    loop.wake(key);
  };

  // The loop between them. What works stops first when another Mayfly takes over.
  const working = opening.use(new AsyncDisposableStack());
  const deciders = createDeciders(ground);
  const work = createWork({
    ...ground,
    disk,
    data,
    gateway,
    switchboard,
    learn,
    renderer: working.use(createRenderer()),
    site,
  });
  const loop = working.use(
    createLoop({
      ...work,
      ...store,
      attempts: telemetry.attempts,
      timeline: telemetry.timeline,
      source: withGitParts(source, config),
      builds,
      snapshots: data.snapshots,
      branches: data.branches,
      secretPrints: secretPrints(keeper, log),
      wishes: keepLocalPulls(store.wishes),
      forge: withLocalPulls(github, store),
      ...deciders,
      places,
      room,
      tell: createTeller({ ...ground, client: github, site, access, learn }),
      onChange: show,
      clock,
      imageWaitMs: config.builds.timeoutMs,
      randomId,
      log,
      parallel,
    }),
  );
  const refresh = working.use(data.keepFresh(source));
  const slugOf = (id: string) => site.find(id)?.slug ?? null;
  const snapshots = createSnapshotDesk({ ...ground, data, refresh, slugOf });
  const housekeeping = working.use(
    createHousekeeping({
      forge: github,
      repositories: repositoriesOf(config, { store, client: github, log }),
      nameRepository: store.wishes.nameRepository,
      heardOf: store.repositories.heard,
      hear: async (...said) => intake.hear(...said),
      maySpend: gitHub.maySpend,
      meet: (pull) => void store.previews.ensure(pull, clock.now()),
      live: () => store.previews.list({ gone: false }),
      find: store.wishes.get,
      wake,
      look: loop.look,
      owned: async () => [...(await observeOwned(docker, server)).keys()],
      world: loop.world,
      pollMs: config.github.pollMs,
      onRound: async (orphans) => {
        store.forgetOld({ auditKeepMs: config.audit.keepMs });
        telemetry.orphans(orphans);
        await refresh.sweep();
      },
    }),
  );

  // The doors.
  const intake = createIntake({
    store: store.intake,
    clock,
    isOurs: (name) => isOurs(config, name),
    wake,
    resync: housekeeping.resyncSoon,
  });
  const receiveWebhook = createWebhook({ secrets: config.github.webhookSecrets, intake });
  const api = createApi(
    createApiWorld({
      ...ground,
      site,
      access,
      loop,
      builds,
      disk,
      room,
      deciders,
      mask: masks.of,
      learn,
      receiveWebhook,
      snapshots,
      local: createLocalPreviews({ store, source, intake, site }),
      orphans: housekeeping.orphans,
      metrics: telemetry.metrics,
      clientAddress: gateway.clientAddress,
      permissionOf: github.permissionOf,
      visit: createWayIn({ port: access.port, table: switchboard.table, clock }),
    }),
  );
  const follow = () => followSuccessor({ gateway, store, world: loop.world });
  const leaving = { tenure, gateway, closeStreams: api.close, stopWork: () => working.disposeAsync(), follow };
  opening.defer(() => closeDoors(leaving));

  await routeAll(store, { switchboard, site, world: loop.world });
  const { port } = await gateway.listen({ ...config.listen, reusePort: true });
  working.use(gitHub);
  working.use(lookAround({ ...ground, loop, sleep, telemetry }));
  tenure.listening();
  hearTheRest(tenure, { store, loop, wake, tell: loop.world.changed });
  working.use(watchExpiry({ ...ground, wake, tell: loop.world.changed, look: loop.look }));
  // The Mayfly before us may still serve somebody.
  void tenure.predecessor.gone.then(() => {
    for (const each of working.disposed ? [] : [sleep, room, disk]) working.use(each.watch());
  });
  housekeeping.resyncSoon();

  log.info({ url: config.publicUrl, server }, "ready");
  const running = opening.move();
  return {
    url: config.publicUrl,
    port,
    dashboardLink: `${site.dashboardOrigin}/?token=${ground.apiToken}`,
    asked: tenure.asked,
    handOver: () => handOver(leaving),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
