import { type Finding, InputError, type Place } from "../domain/errors.ts";
import type { YamlNode } from "../config/yaml-node.ts";

/** What is said of the author's files while they are read; each thing once per place. */
export type Findings = { add(finding: Finding): void; readonly all: Finding[] };

/** An empty collection. */
export function createFindings(): Findings {
  const seen = new Set<string>();
  const all: Finding[] = [];
  return {
    all,
    add(finding) {
      const identity = `${finding.file}:${finding.line}:${finding.column} ${finding.code} ${finding.message}`;
      if (seen.has(identity)) return;
      seen.add(identity);
      all.push(finding);
    },
  };
}

/** Something that the author may want to know. */
export function note(place: Place, code: string, message: string, hint: string): Finding {
  return { ...place, action: "note", code, message, hint };
}

/** Something that is done otherwise in a preview. */
export function rewrite(place: Place, code: string, message: string, hint: string): Finding {
  return { ...place, action: "rewrite", code, message, hint };
}

/** Something that a preview never gets, or not in this version. */
export function refuse(place: Place, code: string, message: string, hint: string): Finding {
  return { ...place, action: "refuse", code, message, hint };
}

/** Refuses a value whose form Compose does not know either. */
export function invalid(node: Pick<YamlNode, "place">, message: string): InputError {
  return new InputError("invalid-value", message, { place: node.place });
}
