import { expect, test } from "vitest";
import { policyTable } from "../../src/render/policy/policy-table.ts";
import { composeKeys } from "../support/compose-keys.ts";

const rows = Object.keys(policyTable);

/** Not read inside: nothing of it reaches the canonical model, or anything that runs. */
const unread = ["services.*.develop", "networks.*.external", "volumes.*.external", "secrets.*.external"];

function isDecided(key: string): boolean {
  return rows.some((path) => path === key || path.startsWith(`${key}.`)) || isDecidedWith(parentOf(key));
}

/** What is refused or not used stands for all that is inside, unless rows tell them apart. */
function isDecidedWith(key: string): boolean {
  if (key === "" || rows.some((path) => path.startsWith(`${key}.`))) return false;
  const row = policyTable[key];
  return row ? row.action !== "honor" || unread.includes(key) : isDecidedWith(parentOf(key));
}

function parentOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf(".")));
}

test("every key of the Compose specification is honored, rewritten or refused by a row of the table", () => {
  expect(composeKeys.length).toBeGreaterThan(300);
  expect(composeKeys.filter((key) => !isDecided(key))).toEqual([]);
});
