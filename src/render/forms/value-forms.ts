import { listNode, mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { type Findings, invalid, note } from "../findings.ts";
import { changeEntries, type Form, isNull, listOf, orWritten } from "./form.ts";
import { splitShellWords } from "./shell-words.ts";

const unlessEmpty = (node: YamlNode) => {
  const value = toValue(node);
  return value === "" || value === false || value === 0 ? undefined : value;
};

/** A text that is written as one: Compose takes no number for it. */
export const text: Form = { read: (node, at) => scalarNode(node.place, textOf(node, at)), print: unlessEmpty };

/** A text that may be written as a number, too. */
export const numberText: Form = {
  read: (node, at) => scalarNode(node.place, scalarText(node, at)),
  print: unlessEmpty,
};

/** The same, where a number must be whole. */
export const wholeText: Form = {
  ...numberText,
  read(node, at, findings) {
    const isFraction = node.kind === "scalar" && typeof node.value === "number" && !Number.isInteger(node.value);
    if (isFraction) throw invalid(node, `${at} must be a whole number`);
    return numberText.read(node, at, findings);
  },
};

/** One of a few words. */
export function choice(...words: string[]): Form {
  return {
    read(node, at) {
      if (words.includes(textOf(node, at))) return node;
      throw invalid(node, `${at} must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
    },
  };
}

const yes = new Set(["true", "yes", "on", "y"]);
const no = new Set(["false", "no", "off", "n"]);

/** True or false, also as a word; not printed when false. */
export const flag: Form = {
  read(node, at) {
    const said = node.kind === "scalar" && typeof node.value !== "number" ? String(node.value).toLowerCase() : "";
    if (yes.has(said)) return scalarNode(node.place, true);
    if (no.has(said)) return scalarNode(node.place, false);
    throw invalid(node, `${at} must be true or false`);
  },
  print: unlessEmpty,
};

/** The same where being false says something. */
export const choiceFlag: Form = { read: flag.read };

/** True or false, written as such and not as a word. */
export const plainFlag: Form = {
  read(node, at) {
    if (node.kind === "scalar" && typeof node.value === "boolean") return node;
    throw invalid(node, `${at} must be true or false, without quotes`);
  },
  print: unlessEmpty,
};

/** A list of texts. */
export const texts: Form = listOf(textItem());

/** A list of texts, none of them twice. */
export const distinctTexts: Form = distinct(texts);

/** A text, or a list of them, none of them twice. */
export const textOrTexts: Form = orWritten(distinctTexts, asList);

/** The same where naming one twice is naming it once. */
export const textOrUnique: Form = orWritten(texts, asList);

/** A list that names nothing twice. */
export function distinct(list: Form): Form {
  return { ...list, read: (node, at, findings) => refuseTwice(list.read(node, at, findings), at) };
}

/** A list, or a text that is split as a shell would; nothing is what the image says. */
export const command: Form = {
  read(node, at, findings) {
    if (node.kind === "list") return texts.read(node, at, findings);
    const split = splitShellWords(textOf(node, at));
    if (split === null) throw invalid(node, `${at} is no command line: a quote or parenthesis does not close`);
    if (split.endedBy !== null) noteCut(node, `${at} ends at \`${split.endedBy}\`: Compose runs no shell`, findings);
    return listNode(
      node.place,
      split.words.map((word) => scalarNode(node.place, word)),
    );
  },
};

/** Entries of `KEY=VALUE` or a map; a key without a value keeps none. */
export const variables: Form = {
  ...pairs(null),
  read(node, at, findings) {
    const spaced = node.kind === "list" ? node.items.find((item) => /^[^=]*\s(=|$)/.test(String(toValue(item)))) : null;
    if (spaced) throw invalid(spaced, `${at}: there is a space after the name in "${String(toValue(spaced))}"`);
    return pairs(null).read(node, at, findings);
  },
};

/** The same, where a key without a value has an empty one. */
export const labels: Form = pairs("");

/** A map of options: texts or numbers, an empty text for nothing. */
export const options: Form = {
  read(node, at, findings) {
    if (node.kind !== "map") throw invalid(node, `${at} must be a map`);
    const flagged = [...node.entries].find(([, entry]) => typeof toValue(entry.node) === "boolean");
    if (flagged) throw invalid(flagged[1].node, `${at}.${flagged[0]} must be a text or a number`);
    return labels.read(node, at, findings);
  },
  print: printPairs,
};

function pairs(bare: null | ""): Form {
  return {
    read(node, at) {
      if (node.kind === "map") {
        return changeEntries(node, (own, key) =>
          scalarNode(own.place, isNull(own) ? bare : scalarText(own, `${at}.${key}`)),
        );
      }
      if (node.kind !== "list") throw invalid(node, `${at} must be a map or a list`);
      return mapNode(
        node.place,
        node.items.map((item, index) => pairOf(item, `${at}[${index}]`, bare)),
      );
    },
    print: printPairs,
  };
}

function pairOf(item: YamlNode, at: string, bare: null | ""): [string, YamlNode] {
  const said = textOf(item, at);
  const equals = said.indexOf("=");
  if (equals === -1) return [said, scalarNode(item.place, bare)];
  return [said.slice(0, equals), scalarNode(item.place, said.slice(equals + 1))];
}

function printPairs(node: YamlNode): unknown {
  return node.kind === "map" && node.entries.size === 0 ? undefined : toValue(node);
}

function asList(node: YamlNode): YamlNode {
  return node.kind === "scalar" ? listNode(node.place, [node]) : node;
}

/** A list of names stands for a map of them without values. */
export function namesToMap(node: YamlNode, at: string): YamlNode {
  if (node.kind === "map") return node;
  if (node.kind !== "list") throw invalid(node, `${at} must be a list or a map`);
  refuseTwice(node, at);
  return mapNode(
    node.place,
    node.items.map((item, index) => [textOf(item, `${at}[${index}]`), scalarNode(item.place, null), item.place]),
  );
}

/** A scalar that is a text. Throws InputError for numbers, too: Compose does. */
export function textOf(node: YamlNode, at: string): string {
  if (node.kind === "scalar" && typeof node.value === "string") return node.value;
  if (node.kind === "scalar" && node.value !== null) {
    throw invalid(node, `${at} must be a text: write "${String(node.value)}" with quotes`);
  }
  throw invalid(node, `${at} must be a text`);
}

/** A scalar as text; throws InputError for maps, lists and nothing. */
export function scalarText(node: YamlNode, at: string): string {
  if (node.kind === "scalar" && node.value !== null) return String(node.value);
  throw invalid(node, `${at} must be a text`);
}

function textItem(): Form {
  return { read: text.read };
}

/** Refuses a list that says the same twice. Throws InputError. */
export function refuseTwice(node: YamlNode, at: string): YamlNode {
  if (node.kind !== "list") return node;
  const seen = new Set<unknown>();
  for (const item of node.items) {
    const value = toValue(item);
    if (seen.has(value)) throw invalid(item, `${at} names ${String(value)} twice`);
    seen.add(value);
  }
  return node;
}

function noteCut(node: YamlNode, message: string, findings: Findings): void {
  findings.add(note(node.place, "command-cut", message, 'Let a shell run it: ["sh", "-c", "…"].'));
}
