import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { createLog, createMasks, maskedStore } from "./app-masks.ts";
import { clock, randomId } from "./app-outside.ts";
import { createSecrets } from "./app-secrets.ts";
import { holdState, type Start } from "./app-tenure.ts";
import type { ServerConfig } from "./config/server.ts";
import { connect } from "./engine/docker.ts";
import { keptSecret } from "./store/lock.ts";
import { openStore } from "./store/store.ts";

/** What the whole server stands on: given to every room's part of the composition, which takes what it needs of it. */
export type Ground = Awaited<ReturnType<typeof openState>>;

/**
 * What must survive: the state folder, held by one process until `opening` is disposed; and, from the first line on,
 * what may not be told. Throws InputError `state-locked`.
 */
export async function openState(
  config: ServerConfig,
  opening: AsyncDisposableStack,
  options: Start & { log?: Logger },
) {
  const state = resolve(config.state);
  const tenure = opening.use(await holdState(state, options));
  const server = keptSecret(state, "server-id", { length: 16, randomId });
  const salt = keptSecret(state, "image-salt", { length: 32, randomId });
  const maskingKey = keptSecret(state, "masking.key", { length: 64, randomId });
  const accessSecret = keptSecret(state, "access-secret", { length: 64, randomId });
  const apiToken = config.apiToken ?? keptSecret(state, "api-token", { length: 40, randomId });
  const keeper = createSecrets(config, { salt, others: [apiToken, accessSecret, maskingKey] });
  const masks = createMasks(keeper);
  const log = options.log ?? createLog(keeper);
  const store = maskedStore(opening.use(openStore(join(state, "mayfly.db"), clock)), masks);
  return {
    config,
    state,
    tenure,
    server,
    salt,
    apiToken,
    accessSecret,
    maskingKey,
    keeper,
    masks,
    store,
    docker: connect(config.engine.host),
    clock,
    randomId,
    log,
  };
}
