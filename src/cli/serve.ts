import { once } from "node:events";
import type { ServerConfig } from "../config/server.ts";
import { InputError } from "../domain/errors.ts";
import { type Command, textOf } from "./command.ts";
import { tell } from "./failure.ts";
import { readServerConfig } from "./server-config.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/** `mayfly serve`: the server itself, until it is told to stop or another one takes over. */
export const serve: Command = {
  args: "",
  help: "run the server until Ctrl-C",
  options: { config: { type: "string" }, replace: { type: "boolean" } },
  async run(input, terminal) {
    const config = readServerConfig(textOf(input, "config"), terminal.environment);
    const interruption = terminal.interruption();
    let replace = input.values["replace"] === true;
    // Who asked to take over may fail to come up: then this one goes on, from the start.
    while ((await serveOnce(config, { replace, interruption }, terminal)) === "abandoned") replace = false;
    return 0;
  },
};

type Stop = { replace: boolean; interruption: AbortSignal };

async function serveOnce(
  config: ServerConfig,
  { replace, interruption }: Stop,
  terminal: Terminal,
): Promise<"stopped" | "abandoned"> {
  // Loaded only here: most commands need nothing of the server.
  const { createApp } = await import("../app.ts");
  const start = { version: version(), replace, signal: interruption };
  await using app = await createApp(config, start).catch((error: unknown) => {
    throw explain(error, config.listen);
  });
  terminal.print(`Dashboard: ${app.dashboardLink}`);
  const ended = AbortSignal.any([interruption, app.asked]);
  if (!ended.aborted) await once(ended, "abort");
  if (!app.asked.aborted) return "stopped";
  terminal.print("Another Mayfly takes over.");
  try {
    await app.handOver();
    return "stopped";
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "takeover-failed") throw error;
    tell(error, terminal);
    return interruption.aborted ? "stopped" : "abandoned";
  }
}

function explain(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const why =
    code === "EADDRINUSE" ? "something else uses it" : code === "EACCES" ? "that is not allowed to this user" : null;
  if (why === null) return error;
  const hint = "Set another `listen: HOST:PORT` in server.yaml, and public_url with it.";
  return new InputError("invalid-value", `cannot listen on ${host}:${port}: ${why}`, { hint, cause: error });
}
