import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { EngineError } from "../domain/errors.ts";
import type { Firewall } from "./firewall.ts";
import { printed } from "./look.ts";

/** Puts the rules in place, once however often it is called. Throws EngineError `firewall-refused`. */
export async function installFirewall({ table, jumps }: Firewall): Promise<void> {
  await call("iptables-restore", ["-w", "--noflush"], table);
  for (const { from, to } of jumps) {
    if ((await printed("iptables", "-w", "-C", from, "-j", to)) === null)
      await call("iptables", ["-w", "-I", from, "1", "-j", to]);
  }
}

async function call(program: string, args: string[], input = ""): Promise<void> {
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
  const child = spawn(program, args, { env, stdio: ["pipe", "ignore", "pipe"] });
  const ended = once(child, "close").catch((error: unknown) => [error]);
  child.stdin.on("error", () => {
    // It did not read: its exit code tells.
  });
  child.stdin.end(input);
  const [said, [code]] = await Promise.all([text(child.stderr), ended]);
  if (code === 0) return;
  throw new EngineError("firewall-refused", `${program} ${args.join(" ")} failed: ${said.trim() || String(code)}`);
}
