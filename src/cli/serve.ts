import { once } from "node:events";
import { InputError } from "../domain/errors.ts";
import { type Command, textOf } from "./command.ts";
import { readServerConfig } from "./server-config.ts";
import { version } from "./version.ts";

/** `mayfly serve`: the server itself, until it is told to stop. */
export const serve: Command = {
  args: "",
  help: "run the server until Ctrl-C",
  options: { config: { type: "string" } },
  async run(input, terminal) {
    const config = readServerConfig(textOf(input, "config"), terminal.environment);
    const interruption = terminal.interruption();
    // Loaded only here: most commands need nothing of the server.
    const { createApp } = await import("../app.ts");
    await using app = await createApp(config, { version: version() }).catch((error: unknown) => {
      throw explain(error, config.listen);
    });
    terminal.print(`Dashboard: ${app.dashboardLink}`);
    if (!interruption.aborted) await once(interruption, "abort");
    return 0;
  },
};

function explain(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const why =
    code === "EADDRINUSE" ? "something else uses it" : code === "EACCES" ? "that is not allowed to this user" : null;
  if (why === null) return error;
  const hint = "Set another `listen: HOST:PORT` in server.yaml, and public_url with it.";
  return new InputError("invalid-value", `cannot listen on ${host}:${port}: ${why}`, { hint, cause: error });
}
