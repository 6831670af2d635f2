import { readFileSync } from "node:fs";
import type { Schema } from "../render/forms/schema.ts";
import { composeProgram } from "./compose-oracle.ts";

/** The JSON schema of the Compose specification, as it lies in the official program. */
export async function specificationSchema(): Promise<Schema> {
  const program = readFileSync(await composeProgram(), "latin1");
  const id = program.indexOf('"$id": "compose_spec.json"');
  const from = program.lastIndexOf("{", id);
  if (id === -1) throw new Error("the official Compose holds no schema of the specification");
  return JSON.parse(program.slice(from, endOfObject(program, from))) as Schema;
}

function endOfObject(text: string, from: number): number {
  let depth = 0;
  let isQuoted = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && char === "{") depth += 1;
    else if (!isQuoted && char === "}") depth -= 1;
    if (depth === 0) return at + 1;
  }
  throw new Error("the schema in the official Compose has no end");
}
