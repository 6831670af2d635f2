import { parseSize } from "../config/quantity.ts";
import { listNode, mapNode, scalarNode, type YamlNode } from "../config/yaml-node.ts";
import { parseDuration } from "../domain/time.ts";
import { type Findings, invalid, note } from "./findings.ts";
import { splitShellWords } from "./shell-words.ts";

/** Turns one way of writing a value into its canonical one. `at` is its path, for messages. Throws InputError. */
export type Form = (node: YamlNode, at: string, findings: Findings) => YamlNode;

export const text: Form = (node, at) => scalarNode(node.place, textOf(node, at));

export const boolean: Form = (node, at) => {
  const said = node.kind === "scalar" ? String(node.value).toLowerCase() : "";
  if (["true", "yes", "on", "y", "1"].includes(said)) return scalarNode(node.place, true);
  if (["false", "no", "off", "n", "0"].includes(said)) return scalarNode(node.place, false);
  throw invalid(node, `${at} must be true or false`);
};

export const decimal: Form = (node, at) => {
  const said = textOf(node, at);
  if (!/^(\d+|\d*\.\d+)$/.test(said)) throw invalid(node, `${at} must be a number`);
  return scalarNode(node.place, Number(said));
};

export const whole: Form = (node, at) => {
  const said = textOf(node, at);
  if (!/^-?\d{1,15}$/.test(said)) throw invalid(node, `${at} must be a whole number`);
  return scalarNode(node.place, Number(said));
};

/** Bytes as text, as Compose prints them. */
export const bytes: Form = (node, at) => {
  const size = parseSize(textOf(node, at));
  if (size === undefined) throw invalid(node, `${at} must be a size such as 512m`);
  return scalarNode(node.place, String(size));
};

/** As Go prints a duration: `1m30s`. */
export const span: Form = (node, at) => {
  const ms = parseDuration(textOf(node, at));
  if (ms === undefined) throw invalid(node, `${at} must be a duration such as 10s`);
  return scalarNode(node.place, formatGoDuration(ms));
};

export const texts: Form = (node, at) => {
  const items = node.kind === "list" ? node.items : [node];
  return listNode(
    node.place,
    items.map((item, index) => text(item, `${at}[${index}]`, { add() {}, all: [] })),
  );
};

/** A list, or a text that is split as a shell would. */
export const command: Form = (node, at, findings) => {
  if (node.kind === "list") return texts(node, at, findings);
  const split = splitShellWords(textOf(node, at));
  if (split === null) throw invalid(node, `${at} is no command line: a quote or parenthesis does not close`);
  if (split.endedBy !== null) {
    const hint = 'Let a shell run it: ["sh", "-c", "…"].';
    findings.add(note(node.place, "command-cut", `${at} ends at \`${split.endedBy}\`: Compose runs no shell`, hint));
  }
  return listNode(
    node.place,
    split.words.map((word) => scalarNode(node.place, word)),
  );
};

/** A map, or a list of `KEY=VALUE`; a bare `KEY` has the value `bare`. */
export function pairs(bare: null | ""): Form {
  return (node, at) => {
    if (node.kind === "map") {
      return mapNode(
        node.place,
        [...node.entries].map(([key, entry]) => [key, pairValue(entry.node, join(at, key), bare), entry.key]),
      );
    }
    if (node.kind !== "list") throw invalid(node, `${at} must be a map or a list`);
    return mapNode(
      node.place,
      node.items.map((item, index) => {
        const said = textOf(item, `${at}[${index}]`);
        const equals = said.indexOf("=");
        if (equals === -1) return [said, scalarNode(item.place, bare)];
        return [said.slice(0, equals), scalarNode(item.place, said.slice(equals + 1))];
      }),
    );
  };
}

/** A map, or a list of its keys; each key gets `value`. */
export function names(value: (item: YamlNode) => YamlNode): Form {
  return (node, at) => {
    if (node.kind === "map") return node;
    if (node.kind !== "list") throw invalid(node, `${at} must be a list or a map`);
    return mapNode(
      node.place,
      node.items.map((item, index) => [textOf(item, `${at}[${index}]`), value(item), item.place]),
    );
  };
}

/** A map whose known keys have these forms; null values are left out, other keys pass for the policy to judge. */
export function fields(forms: Readonly<Record<string, Form>>): Form {
  return (node, at, findings) => {
    if (node.kind !== "map") throw invalid(node, `${at} must be a map`);
    const entries: [string, YamlNode, YamlNode["place"]][] = [];
    for (const [key, entry] of node.entries) {
      if (isNull(entry.node)) continue;
      const form = Object.hasOwn(forms, key) ? forms[key] : undefined;
      entries.push([key, form ? form(entry.node, join(at, key), findings) : entry.node, entry.key]);
    }
    return mapNode(node.place, entries);
  };
}

/** A map of maps by the user's own names; an empty one may be written as nothing. */
export function named(form: Form): Form {
  return (node, at, findings) => {
    if (node.kind !== "map") throw invalid(node, `${at} must be a map`);
    return mapNode(
      node.place,
      [...node.entries].map(([key, { node: inner, key: place }]) => {
        return [key, form(isNull(inner) ? mapNode(inner.place, []) : inner, join(at, key), findings), place];
      }),
    );
  };
}

/** A scalar as text; throws InputError for maps, lists and nothing. */
export function textOf(node: YamlNode, at: string): string {
  if (node.kind === "scalar" && node.value !== null) return String(node.value);
  throw invalid(node, `${at} must be a text`);
}

export function isNull(node: YamlNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

function join(at: string, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}

function pairValue(node: YamlNode, at: string, bare: null | ""): YamlNode {
  return isNull(node) ? scalarNode(node.place, bare) : scalarNode(node.place, textOf(node, at));
}

function formatGoDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ""}${ms >= 60_000 ? `${minutes}m` : ""}${seconds}s`;
}
