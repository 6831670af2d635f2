import { readFileSync } from "node:fs";

/** Every key of the Compose specification, such as `services.*.ports.*.target`. */
export const composeKeys: readonly string[] = readFileSync(
  new URL("../render/compose-keys.txt", import.meta.url),
  "utf8",
)
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
