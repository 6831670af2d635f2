import type { Finding } from "./errors.ts";

/**
 * Findings as people are told them: refusals each, first by where they stand; what was only done otherwise once for each
 * kind, such as `ports of 7 services: not published on the host`, at the first of its places.
 */
export function groupFindings(findings: readonly Finding[]): Finding[] {
  const groups = Map.groupBy(findings, (finding) => kindOf(finding));
  return [...groups.values()].flatMap((group) => together(group));
}

function kindOf(finding: Finding): string {
  const { action, code, message, about } = finding;
  if (action === "refuse" || !about) return `${finding.file}:${finding.line}:${finding.column} ${code} ${message}`;
  return JSON.stringify([action, code, about.section, about.key, about.means]);
}

function together(group: readonly Finding[]): Finding[] {
  const [first] = group;
  if (!first?.about || group.length === 1) return group.slice(0, 1);
  const { section, owner, key, means } = first.about;
  const owners = new Set(group.map(({ about }) => about?.owner)).size;
  const subject = owners === 1 ? `${section}.${owner}.${key}` : `${key} of ${owners} ${section}`;
  return [{ ...first, message: `${subject}: ${means}` }];
}
