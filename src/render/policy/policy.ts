import { unknownKey } from "../../config/explain.ts";
import { formatPath, type YamlNode } from "../../config/yaml-node.ts";
import type { Finding } from "../../domain/errors.ts";
import { refuse } from "../findings.ts";
import { applies, type Case, type Given, type Row, type Rows, type Subject, tell } from "./policy-row.ts";
import { policyTable } from "./policy-table.ts";

/** The table as a tree: what it says of a key, and of the keys inside. */
type Branch = { row: Row | null; inside: Map<string, Branch> };

const tree = grow(policyTable);

/**
 * Judges a merged canonical model by the table: honored in silence, rewritten or refused with a finding at its place.
 * What the table does not know is refused.
 */
export function police(model: YamlNode, given: Given): Finding[] {
  return judge(tree, { key: model.place, node: model, path: [], parent: model, given });
}

function judge({ row, inside }: Branch, subject: Subject): Finding[] {
  const found = casesOf(row).find((each) => applies(each, subject));
  if (found?.action === "refuse") return [tell(found, subject)];
  const own = found ? [tell(found, subject)] : [];
  return inside.size === 0 ? own : [...own, ...judgeInside(inside, subject)];
}

function judgeInside(inside: Branch["inside"], { node, path, given }: Subject): Finding[] {
  if (node.kind === "scalar") return [];
  const any = inside.get("*");
  if (node.kind === "list") {
    return node.items.flatMap((item, index) =>
      any ? judge(any, { key: item.place, node: item, path: [...path, index], parent: node, given }) : [],
    );
  }
  return [...node.entries].flatMap(([name, entry]) => {
    const branch = any ?? inside.get(name);
    if (branch) return judge(branch, { key: entry.key, node: entry.node, path: [...path, name], parent: node, given });
    if (name.startsWith("x-")) return [];
    const at = path.length === 0 ? "" : `${formatPath(path)}: `;
    const message = `${at}${unknownKey(name, [...inside.keys()])}`;
    return [refuse(entry.key, "unknown-key", message, "Remove it, or check its spelling.")];
  });
}

/** What is done otherwise or refused by a row. */
export function casesOf(row: Row | null): readonly Case[] {
  if (row === null) return [];
  return row.action === "honor" ? row.but : [row];
}

function grow(rows: Rows): Branch {
  const root: Branch = { row: null, inside: new Map() };
  for (const [path, row] of Object.entries(rows)) {
    let at = root;
    for (const name of path.split(".")) {
      const next: Branch = at.inside.get(name) ?? { row: null, inside: new Map() };
      at.inside.set(name, next);
      at = next;
    }
    at.row = row;
  }
  return root;
}
