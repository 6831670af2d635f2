import type Docker from "dockerode";
import type { Logger } from "pino";
import { settingsFor, type ServerConfig } from "./config/server.ts";
import { runSeed } from "./data/seed.ts";
import { EngineError, PolicyError } from "./domain/errors.ts";
import { imageTag, projectName } from "./domain/naming.ts";
import type { Preview } from "./domain/preview.ts";
import type { Clock } from "./domain/time.ts";
import { pull, resolveImage } from "./engine/images.ts";
import { observe } from "./engine/observe.ts";
import { createSteps } from "./engine/steps.ts";
import type { Gateway } from "./gateway/gateway.ts";
import { generationKey, type Route } from "./gateway/route-table.ts";
import type { Switchboard } from "./gateway/switchboard.ts";
import type * as ports from "./reconcile/ports.ts";
import type { World } from "./reconcile/world.ts";
import { renderStack } from "./render/render.ts";
import type { Templates } from "./source/templates.ts";
import type { Site } from "./app-site.ts";

type WorkOptions = {
  config: ServerConfig;
  server: string;
  salt: string;
  docker: Docker;
  gateway: Gateway;
  switchboard: Switchboard;
  templates: Templates;
  site: Site;
  clock: Clock;
  log: Logger;
};

/** Fits the edges to what the loop asks of them. */
export function createWork(options: WorkOptions): Pick<World, "engine" | "gateway" | "render" | "tagOf"> {
  const { salt } = options;
  return {
    engine: engineOf(options),
    gateway: gatewayOf(options),
    render: (checkout, preview) => render(checkout, preview, options),
    tagOf: (preview, stack, build, content) => {
      const { name: _name, tag: _tag, ...rest } = build;
      return imageTag({ repositoryId: preview.repositoryId, trust: stack.trust, salt }, rest, content);
    },
  };
}

function engineOf({ config, server, docker, clock, log }: WorkOptions): ports.Engine {
  const steps = createSteps({ docker, server, pool: config.network.pool, egress: config.network.egress, clock, log });
  return {
    observe: (key) => observe(docker, server, key),
    resolveImage: (image, tag, repositoryId) => resolveImage(docker, image, tag, repositoryId),
    pull: (reference, signal) => pull(docker, reference, { signal }),
    run: (step, context) =>
      step.kind === "seed" ? runSeed({ docker, clock }, step, context) : steps.run(step, context),
  };
}

function gatewayOf({ gateway, switchboard, site, clock }: WorkOptions): ports.Gateway {
  return {
    publish: switchboard.publish,
    withdraw: switchboard.withdraw,
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
      return result.status;
    },
    async drain(preview, generation, timeoutMs) {
      const { cut } = await gateway.drained(generationKey({ preview, generation }), {
        timeoutMs,
        clock,
        upstreams: switchboard.takeRetired(preview, generation),
      });
      return cut.request + cut.stream + cut.websocket;
    },
  };
}

/** A checkout's files → what should run; refusals are thrown, all at once. */
function render(
  checkout: ports.Checkout,
  preview: Preview,
  { config, server, templates, site }: WorkOptions,
): ports.Rendered {
  const settings = settingsFor(config, preview.repository) ?? config.defaults;
  const { stack, findings } = renderStack({
    reader: checkout,
    templates,
    limits: settings.limits,
    preview: {
      slug: preview.slug,
      project: projectName(preview.slug, server),
      key: preview.key,
      number: preview.number,
      repository: preview.repository,
      branch: preview.spec.pull?.headRef ?? "",
      commit: checkout.commit,
      generation: preview.spec.generation,
      trust: "team",
      dataEpoch: preview.spec.resets,
      domain: config.domain,
      link: site.link,
    },
  });
  if (stack === null) throw new PolicyError(findings);
  return { stack, findings };
}
