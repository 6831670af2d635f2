import { type Finding, InputError, type Place } from "../domain/errors.ts";
import { excerpt } from "../config/excerpt.ts";
import type { YamlNode } from "../config/yaml-node.ts";

/** What is said of the author's files while they are read; each thing once per place. */
export type Findings = { add(finding: Finding): void; readonly all: Finding[] };

/** More of them help nobody, and all are stored, commented and shown. What is refused is counted apart: nothing hides it. */
const most = 100;

/** An empty collection; what comes after a hundred of a kind is only counted, and refuses all the same. */
export function createFindings(): Findings {
  const seen = new Set<string>();
  const all: Finding[] = [];
  const refused = { kept: 0, left: 0, at: -1 };
  const others = { kept: 0, left: 0, at: -1 };
  return {
    all,
    add(finding) {
      const identity = `${finding.file}:${finding.line}:${finding.column} ${finding.code} ${finding.message}`;
      if (seen.has(identity)) return;
      const kind = finding.action === "refuse" ? refused : others;
      if (kind.kept < most) {
        seen.add(identity);
        kind.kept += 1;
        all.push(finding);
        return;
      }
      kind.left += 1;
      if (kind.at === -1) kind.at = all.length;
      const { about: _, ...rest } = finding;
      const message = `${kind.left} more findings are left out`;
      all[kind.at] = { ...rest, code: "more-findings", message, hint: "Mend the ones told first." };
    },
  };
}

/** Something that the author may want to know. */
export function note(place: Place, code: string, message: string, hint: string): Finding {
  return { ...place, action: "note", code, message: shorten(message), hint };
}

/** Something that is done otherwise in a preview. */
export function rewrite(place: Place, code: string, message: string, hint: string): Finding {
  return { ...place, action: "rewrite", code, message: shorten(message), hint };
}

/** Something that a preview never gets, or not in this version. */
export function refuse(place: Place, code: string, message: string, hint: string): Finding {
  return { ...place, action: "refuse", code, message: shorten(message), hint };
}

/** Refuses a value whose form Compose does not know either. */
export function invalid(node: Pick<YamlNode, "place">, message: string): InputError {
  return new InputError("invalid-value", shorten(message), { place: node.place });
}

function shorten(message: string): string {
  return excerpt(message, 240);
}
