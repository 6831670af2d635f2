import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { clock } from "./app-outside.ts";
import type { ServerConfig } from "./config/server.ts";
import { InputError } from "./domain/errors.ts";
import { connect } from "./engine/docker.ts";
import { serversOn } from "./engine/servers.ts";
import { lockState } from "./store/lock.ts";
import { openStore } from "./store/store.ts";

/**
 * Makes the state folder that of the server `old`, whose own was lost: from the next start on, what carries that id is
 * ours, and is met or removed by the first resync. The folder must be new. Answers how many things there are. Throws
 * InputError `not-found`, `state-locked`, `usage`; EngineError.
 */
export async function adoptServer(config: ServerConfig, old: string): Promise<number> {
  const count = (await serversOn(connect(config.engine.host))).get(old);
  if (count === undefined) {
    throw new InputError("not-found", `nothing on this engine carries the server id ${old}`, {
      hint: "`mayfly doctor` names the ids there are.",
    });
  }
  const state = resolve(config.state);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  using _held = lockState(state);
  using store = openStore(join(state, "mayfly.db"), clock);
  if (store.previews.list({ gone: true }).length > 0) {
    throw new InputError("nothing-changed", `${state} has previews of its own, so it is not a new one`, {
      hint: "Name an empty folder with `state:`, or remove this server's things first: mayfly destroy --all.",
    });
  }
  writeFileSync(join(state, "server-id"), `${old}\n`, { mode: 0o600 });
  return count;
}
