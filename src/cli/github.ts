import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { findServerFile } from "../config/server-path.ts";
import { InputError } from "../domain/errors.ts";
import { type Command, textOf } from "./command.ts";
import { readServerConfig } from "./server-config.ts";

/** `mayfly github connect`: makes a GitHub App by one click, and writes it into the server file. */
export const github: Command = {
  args: "connect",
  help: "make a GitHub App by one click, and write it into the server file",
  options: {
    org: { type: "string" },
    config: { type: "string" },
    port: { type: "string" },
    print: { type: "boolean" },
    json: { type: "boolean" },
  },
  async run(input, terminal) {
    const [name = ""] = input.positionals;
    if (name !== "connect") throw new InputError("usage", `there is no github command "${name}"`, { hint });
    const named = textOf(input, "config");
    // One that is not there yet is made.
    const found = named !== undefined && !existsSync(named) ? null : findServerFile(named ?? null, existsSync);
    const config = readServerConfig(found ?? undefined, terminal.environment);
    const { connectGitHub } = await import("../app.ts");
    const connected = await connectGitHub({
      config,
      path: resolve(found ?? named ?? "server.yaml"),
      organization: readOrganization(textOf(input, "org")),
      port: readPort(textOf(input, "port")),
      signal: terminal.interruption(),
      opened: (url) => {
        terminal.complain(`Open this in a browser on this machine: ${url}`);
        terminal.complain(
          `From another one, forward it first: ssh -L ${new URL(url).port}:127.0.0.1:${new URL(url).port} HOST`,
        );
        if (input.values["print"] !== true) openBrowser(url);
      },
    });
    if (input.values["json"] === true) terminal.print(JSON.stringify(connected));
    else {
      terminal.print(`Made the App ${connected.slug}. Written: ${connected.files.join(", ")}`);
      if (connected.hookUrl === null)
        terminal.print(`GitHub cannot reach ${config.publicUrl}: no webhook. Set github.poll to 30s or so.`);
      if (config.github.token !== null) terminal.print("github.token is not used any more: remove it.");
      terminal.print(`Now install the App on the repositories: ${connected.installUrl}`);
      terminal.print("Then start Mayfly, or start it again.");
    }
    return 0;
  },
};

const hint = "Usage: mayfly github connect [--org ORG] [--config FILE] [--port N] [--print]";

function readOrganization(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^[\w-]{1,39}$/.test(text)) return text;
  throw new InputError("usage", `"${text}" is no organization`, { hint });
}

function readPort(text: string | undefined): number {
  const port = Number(text ?? 0);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new InputError("usage", `"${text}" is no port`, { hint });
}

function openBrowser(url: string): void {
  const opener = spawn(process.platform === "darwin" ? "open" : "xdg-open", [url], { detached: true, stdio: "ignore" });
  opener.on("error", () => {
    // There is no browser here: the address is printed.
  });
  opener.unref();
}
