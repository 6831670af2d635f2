import type Docker from "dockerode";
import type { Logger } from "pino";
import { type ServerConfig, settingsFor } from "./config/server.ts";
import type { BuildOptions } from "./engine/build-jobs.ts";
import { heldSecrets } from "./engine/held-secrets.ts";
import { shortestKnown } from "./feedback/known-values.ts";
import { maskSecrets } from "./feedback/masking.ts";
import type { World } from "./reconcile/world.ts";
import { createKeeper, type Keeper } from "./secrets/keeper.ts";
import type { Store } from "./store/store.ts";

/** The keeper of the server file's secrets; `made` are the server's own that the state folder holds. */
export function createSecrets(config: ServerConfig, made: { salt: string; others: readonly string[] }): Keeper {
  return createKeeper({
    written: (repository) => settingsFor(config, repository).secrets,
    sources: config.secretSources,
    own: [made.salt, ...made.others, ...credentialsOf(config)],
    salt: made.salt,
    mask: maskSecrets,
  });
}

/**
 * Learns what a preview's containers were given before we were started, once for each preview: they print what they
 * have, not what the operator's files hold by now. Throws EngineError.
 */
export function createLearner(options: { keeper: Keeper; store: Store; docker: Docker; server: string }) {
  const { keeper, store, docker, server } = options;
  const learned = new Set<string>();
  return async (key: string): Promise<void> => {
    const preview = store.wishes.get(key);
    if (preview === null || learned.has(key)) return;
    const stacks = store.attempts.of(key).flatMap(({ stack }) => (stack ? [stack] : []));
    const specOf = (service: string, generation: number) =>
      stacks.find((stack) => stack.generation === generation)?.services.find(({ name }) => name === service);
    // Those it is given from now on were read by ourselves.
    if (stacks.some(({ services }) => services.some(({ secrets }) => secrets.length > 0)))
      keeper.learn(preview.repositoryId, await heldSecrets(docker, { server, preview: key }, specOf));
    learned.add(key);
  };
}

/** Reads what a stack names, before it is planned: who uses a value that changed is made again. */
export function secretPrints(keeper: Keeper, log: Logger): World["secretPrints"] {
  return async (preview, stack) => {
    const names = [...new Set(stack.services.flatMap((service) => service.secrets))];
    const values = await keeper.read(preview, names);
    for (const [secret, value] of values) {
      if (value.length < shortestKnown)
        log.warn({ preview: preview.key, secret }, `a secret of fewer than ${shortestKnown} characters is not masked`);
    }
    return Object.fromEntries([...values].map(([name, value]) => [name, keeper.printOf(preview, name, value)]));
  };
}

/** What a team's build may ask for: its secrets, and the accounts of the operator's registries. A fork's gets nothing. */
export function buildGifts(keeper: Keeper, { registries }: ServerConfig): NonNullable<BuildOptions["gifts"]> {
  return async (build, request) => {
    const anew = request.trust !== "team" && Object.keys(registries).length > 0;
    if (request.trust !== "team") return { secrets: new Map(), registries: {}, anew };
    const values = await keeper.read(request, [...new Set(build.secrets.map(({ secret }) => secret))]);
    const secrets = new Map(build.secrets.map(({ id, secret }) => [id, values.get(secret) ?? ""]));
    return { secrets, registries, anew };
  };
}

/** Everything in the server file that lets somebody in somewhere. */
function credentialsOf({ github, registries, notify, apiToken }: ServerConfig): string[] {
  const { token, app, oauth, webhookSecrets } = github;
  return [
    token,
    app?.privateKey ?? null,
    oauth?.clientSecret ?? null,
    ...webhookSecrets,
    ...Object.values(registries).map(({ password }) => password),
    ...notify.map(({ url }) => url),
    apiToken,
  ].filter((value): value is string => value !== null && value !== "");
}
