import { unknownKey } from "../config/explain.ts";
import { formatPath, type Path, type YamlNode } from "../config/yaml-node.ts";
import type { Finding, Place } from "../domain/errors.ts";
import { refuse, rewrite } from "./findings.ts";

/** A value under judgment: where its key stands, and its path for messages. */
export type Subject = { key: Place; node: YamlNode; path: Path };

/** What the policy says of one key's value; nothing said is honored. */
export type Rule = (subject: Subject) => Finding[];

export const honored: Rule = () => [];

/** Known to Compose, but not honored by this version. */
export const later: Rule = ({ key, path }) => [
  refuse(
    key,
    "not-supported",
    `${formatPath(path)} is known, but not honored by this version`,
    "Leave it out of the preview's Compose file for now.",
  ),
];

/** Never in a preview: `why` follows the path in the message. */
export function refused(code: string, why: string, instead: string): Rule {
  return ({ key, path }) => [refuse(key, code, `${formatPath(path)} ${why}`, instead)];
}

/** Done otherwise in a preview: `what` follows the path in the message. */
export function rewritten(code: string, what: string, hint: string): Rule {
  return ({ key, path }) => [rewrite(key, code, `${formatPath(path)} ${what}`, hint)];
}

/** `rule` for any value but these. */
export function unless(values: readonly unknown[], rule: Rule): Rule {
  return (subject) => (subject.node.kind === "scalar" && values.includes(subject.node.value) ? [] : rule(subject));
}

/** A map of exactly these keys and `x-…`: what is not known is refused. */
export function only(rules: Readonly<Record<string, Rule>>): Rule {
  return ({ node, path }) => {
    if (node.kind !== "map") return [];
    return [...node.entries].flatMap(([name, entry]) => {
      if (name.startsWith("x-")) return [];
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
      const at = [...path, name];
      if (rule) return rule({ key: entry.key, node: entry.node, path: at });
      const inside = path.length === 0 ? "" : `${formatPath(path)}: `;
      return [
        refuse(
          entry.key,
          "unknown-key",
          `${inside}${unknownKey(name, Object.keys(rules))}`,
          "Remove it, or check its spelling.",
        ),
      ];
    });
  };
}

/** The rule for each value of a map or item of a list; an item's key is itself. */
export function each(rule: Rule): Rule {
  return ({ node, path }) => {
    if (node.kind === "list")
      return node.items.flatMap((item, index) => rule({ key: item.place, node: item, path: [...path, index] }));
    if (node.kind === "scalar") return [];
    return [...node.entries].flatMap(([name, entry]) =>
      rule({ key: entry.key, node: entry.node, path: [...path, name] }),
    );
  };
}
