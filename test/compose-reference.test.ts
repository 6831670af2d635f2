import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { composeReference } from "./support/compose-reference.ts";

const mark =
  "<!-- From here on written from src/render/policy/policy-table.ts by: vitest run --project unit test/compose-reference.test.ts -u -->";

test("docs/compose.md says of every key what the policy's table says", async () => {
  const file = new URL("../docs/compose.md", import.meta.url);
  const [byHand = ""] = readFileSync(file, "utf8").split(mark);
  await expect(`${byHand.trimEnd()}\n\n${mark}\n\n${composeReference()}\n`).toMatchFileSnapshot(fileURLToPath(file));
});
