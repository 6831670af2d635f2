import { manifestSchema } from "../config/manifest-schema.ts";
import type { Command } from "./command.ts";

/** `mayfly schema`: the manifest's JSON Schema, for editors. */
export const schema: Command = {
  args: "",
  help: "print the JSON Schema of .mayfly.yaml, for editors",
  options: {},
  async run(_input, terminal) {
    terminal.print(JSON.stringify(manifestSchema(), null, 2));
    return 0;
  },
};
