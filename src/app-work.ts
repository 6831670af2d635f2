import { ignoreOf } from "./engine/build-context.ts";
import { settingsFor } from "./config/server.ts";
import { EngineError, type Finding, PolicyError } from "./domain/errors.ts";
import { imageTag, projectName } from "./domain/naming.ts";
import { offerSources, sourceKey } from "./domain/source.ts";
import { dataEpochOf } from "./domain/reset.ts";
import { within } from "./domain/time.ts";
import { type Preview, trustOf } from "./domain/preview.ts";
import { endOfCheck, startCheck } from "./engine/checks.ts";
import type { Disk } from "./engine/disk.ts";
import { createImageAccess } from "./engine/image-access.ts";
import { observe } from "./engine/observe.ts";
import { gatherFacts } from "./engine/facts.ts";
import { hostRoutes } from "./doctor/look.ts";
import { requireUp } from "./engine/readiness.ts";
import { createSteps } from "./engine/steps.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { generationKey, type Route } from "./gateway/route-table.ts";
import type { Switchboard } from "./gateway/switchboard.ts";
import type { Step } from "./plan/step.ts";
import type * as ports from "./reconcile/ports.ts";
import type { World } from "./reconcile/world.ts";
import type { Special } from "./source/tree.ts";
import type { Data } from "./app-data.ts";
import type { Renderer } from "./app-render.ts";
import type { Site } from "./app-site.ts";
import type { Ground } from "./app-state.ts";

type WorkOptions = Ground & {
  disk: Disk;
  data: Data;
  gateway: Gateway;
  switchboard: Switchboard;
  renderer: Renderer;
  site: Site;
  learn(key: string): Promise<void>;
};

/** Fits the edges to what the loop asks of them. */
export function createWork(
  options: WorkOptions,
): Pick<World, "engine" | "gateway" | "projectOf" | "render" | "tagOf" | "ignoreOf" | "sourceKey"> {
  const { salt, server, config } = options;
  return {
    engine: engineOf(options),
    gateway: gatewayOf(options),
    ignoreOf,
    projectOf: ({ slug }) => projectName(slug, server),
    sourceKey: (name, service) => sourceKey(config.sources, name, service),
    render: (checkout, preview) => render(checkout, preview, options),
    tagOf: (preview, stack, build, content) => {
      const { name: _name, tag: _tag, ...rest } = build;
      return imageTag({ repositoryId: preview.repositoryId, trust: stack.trust, salt }, rest, content);
    },
  };
}

function engineOf({ config, server, docker, disk, data, keeper, store, learn, clock, log }: WorkOptions): ports.Engine {
  const images = createImageAccess(docker, config.registries);
  const { pool, egress } = config.network;
  const steps = createSteps({ docker, server, pool, routes: hostRoutes, egress, clock, log });
  return {
    requireRoom: disk.require,
    observe: async (key) => {
      await learn(key);
      return observe(docker, server, key);
    },
    resolveImage: images.resolve,
    async pull(reference, trust, signal) {
      const { isNew } = await images.pull(reference, trust, signal);
      if (isNew) store.images.rememberPulled(reference);
    },
    startCheck: async (step, context) => {
      const secrets = await keeper.recall(context.preview, step.container.service.secrets);
      const host = { docker, server, pool, routes: hostRoutes, egress, clock, log };
      await startCheck(host, step, { ...context, secrets });
    },
    endOfCheck: (check) => endOfCheck({ docker, clock }, check),
    requireUp: (readiness) => requireUp({ docker, clock }, readiness),
    gatherFacts: (which, signal) => gatherFacts({ docker, server }, which, signal),
    leaveHome: steps.leaveHome,
    run: async (step, context) => {
      // As they were read for the plan, so that one deployment gives all its services the same.
      const secrets = await keeper.recall(context.preview, secretsFor(step));
      if (!(await data.run(step, { ...context, secrets }))) await steps.run(step, { ...context, secrets });
    },
  };
}

function secretsFor(step: Step): string[] {
  if (step.kind === "create") return step.container.service.secrets;
  return step.kind === "seed" ? Object.values(step.programs).flatMap(({ service }) => service.secrets) : [];
}

function gatewayOf({ gateway, switchboard, site, tenure, clock }: WorkOptions): ports.Gateway {
  return {
    publish: switchboard.publish,
    lull: switchboard.lull,
    isAsleep: switchboard.isAsleep,
    tellStuck: switchboard.tellStuck,
    withdraw: switchboard.withdraw,
    quiet: (preview, generation, limits) => gateway.quiet(generationKey({ preview, generation }), { ...limits, clock }),
    async probe(upstream, { host, path, timeoutMs, signal }) {
      const route: Route = {
        preview: "probe",
        slug: "probe",
        host,
        path: "/",
        service: upstream.service,
        generation: null,
        upstream,
        state: "starting",
      };
      // Visitors' requests name the port that links carry.
      const result = await gateway.probe({ route, path, timeoutMs, signal, host: new URL(site.link(host)).host });
      if ("error" in result)
        throw new EngineError("probe-failed", `does not answer (${result.code || result.error})`, {
          service: upstream.service,
        });
      return result;
    },
    async drain(preview, generation, limits) {
      // The Mayfly before us may still serve somebody from what we are about to remove.
      await within(tenure.predecessor.gone, { ...limits, clock });
      const { cut } = await gateway.drained(generationKey({ preview, generation }), {
        ...limits,
        clock,
        upstreams: switchboard.takeRetired(preview, generation),
      });
      return cut.request + cut.stream + cut.websocket;
    },
  };
}

/** A checkout's files → what should run; refusals are thrown, all at once. */
async function render(
  checkout: ports.Checkout,
  preview: Preview,
  { config, server, renderer, store }: WorkOptions,
): Promise<ports.Rendered> {
  const settings = settingsFor(config, preview.repository);
  const trust = preview.spec.pull === null ? "fork" : trustOf(preview.spec.pull);
  const { stack, findings } = await renderer.render({
    root: checkout.root,
    special: checkout.special,
    left: checkout.left,
    publicUrl: config.publicUrl,
    limits: settings.limits,
    sources: offerSources(config.sources, { repository: preview.repository, trust }),
    secrets: { names: Object.keys(settings.secrets), serverFile: config.path, repository: preview.repository },
    preview: {
      slug: preview.slug,
      project: projectName(preview.slug, server),
      key: preview.key,
      number: preview.number,
      repository: preview.repository,
      branch: preview.spec.pull?.headRef ?? "",
      commit: checkout.commit,
      generation: preview.spec.generation,
      trust,
      registries: Object.keys(config.registries),
      allow: settings.allow,
      dataEpoch: dataEpochOf(preview.spec, store.attempts.of(preview.key)),
      domain: config.domain,
    },
  });
  if (stack === null) throw new PolicyError(findings);
  const links = checkout.special.filter(({ kind }) => kind === "symbolic link");
  return { stack, findings: [...findings, ...links.slice(0, 20).map(noteLink)] };
}

/** Links are laid out as what they are in git, and not followed: said, since a build may miss them. */
function noteLink({ path }: Special): Finding {
  const message = `${path} is a symbolic link, which is not followed`;
  return {
    file: path,
    line: 1,
    column: 1,
    action: "note",
    code: "not-followed",
    message,
    hint: "Commit the files themselves where the build needs them.",
  };
}
