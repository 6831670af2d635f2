import { once } from "node:events";
import type { App } from "../app.ts";
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
    const start = async (replace: boolean) => await startApp(config, { replace, signal: interruption }, terminal);
    let app = await start(input.values["replace"] === true);
    try {
      while ((await untilTold(app, interruption)) === "asked" && !(await givesWay(app, terminal))) {
        // Who asked did not come up. This one has let its work go, and goes on serving until it has begun anew.
        await using _former = app;
        app = await start(false);
      }
    } finally {
      await app[Symbol.asyncDispose]();
    }
    return 0;
  },
};

async function startApp(
  config: ServerConfig,
  options: { replace: boolean; signal: AbortSignal },
  terminal: Terminal,
): Promise<App> {
  // Loaded only here: most commands need nothing of the server.
  const { createApp } = await import("../app.ts");
  const app = await createApp(config, { version: version(), ...options }).catch((error: unknown) => {
    throw explain(error, config.listen);
  });
  terminal.print(`Dashboard: ${app.dashboardLink}`);
  return app;
}

/** Whether another Mayfly asks to take over, or this one is told to stop. */
async function untilTold({ asked }: App, interruption: AbortSignal): Promise<"asked" | "stop"> {
  const told = AbortSignal.any([interruption, asked]);
  if (!told.aborted) await once(told, "abort");
  return interruption.aborted ? "stop" : "asked";
}

/** Answers false when the other one ended before it listened. */
async function givesWay(app: App, terminal: Terminal): Promise<boolean> {
  terminal.print("Another Mayfly takes over.");
  try {
    await app.handOver();
    return true;
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "takeover-failed") throw error;
    tell(error, terminal);
    return false;
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
