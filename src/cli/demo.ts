import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../domain/errors.ts";
import type { Command } from "./command.ts";

/** `mayfly demo`: the same as `npm run demo`, where the checkout has its demo folder. */
export const demo: Command = {
  args: "",
  help: "play the main job with a stand-in GitHub (see npm run demo -- --help)",
  options: { once: { type: "boolean" }, json: { type: "boolean" } },
  async run({ values }) {
    const main = resolve(import.meta.dirname, "../../demo/main.ts");
    if (!existsSync(main)) {
      throw new InputError("not-found", "this installation has no demo", {
        hint: "Run it in a checkout: npm run demo",
      });
    }
    const words = ["once", "json"].filter((name) => values[name] === true).map((name) => `--${name}`);
    const child = spawn(process.execPath, [main, ...words], { stdio: "inherit" });
    const [code] = (await once(child, "exit")) as [number | null];
    return code === 0 ? 0 : 1;
  },
};
