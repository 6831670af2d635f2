import { type ServerConfig, settingsFor } from "./config/server.ts";
import { maskSecrets } from "./feedback/masking.ts";
import type { World } from "./reconcile/world.ts";
import { createKeeper, type Keeper } from "./secrets/keeper.ts";

/** The keeper of the server file's secrets, and what hides them; `made` are the server's own that the state folder holds. */
export function createSecrets(config: ServerConfig, made: { salt: string; others: readonly string[] }) {
  const keeper = createKeeper({
    written: (repository) => (settingsFor(config, repository) ?? config.defaults).secrets,
    sources: config.secretSources,
    own: [made.salt, ...made.others, ...credentialsOf(config)],
    salt: made.salt,
    mask: maskSecrets,
  });
  return {
    keeper,
    /** In what people of a repository read. */
    mask: (text: string, of: { repositoryId: number }) => maskSecrets(text, keeper.known(of.repositoryId)),
    /** In what the operator reads. */
    maskAll: (text: string) => maskSecrets(text, keeper.knownAll()),
  };
}

/** Reads what a stack names, before it is planned: who uses a value that changed is made again. */
export function secretPrints(keeper: Keeper): World["secretPrints"] {
  return async (preview, stack) => {
    const names = [...new Set(stack.services.flatMap((service) => service.secrets))];
    const values = await keeper.read(preview, names);
    return Object.fromEntries([...values].map(([name, value]) => [name, keeper.printOf(preview, name, value)]));
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
