import { excerpt } from "../../config/excerpt.ts";
import { listNode, mapNode, scalarNode, type YamlNode } from "../../config/yaml-node.ts";
import { InputError, type Place } from "../../domain/errors.ts";

/** Where variables come from while text is interpolated: an explicit map, never the server's environment. */
export type Scope = {
  lookup(name: string): string | undefined;
  /** Told of each variable that is unset and has no default; answers what stands in for it, or null. */
  onUnset(name: string, place: Place): string | null;
  /** Counts characters read or made, over everything of one stack. Throws InputError `yaml-too-large`. */
  spend(characters: number, place: Place): void;
};

/** Characters that all texts of a stack may read and come to, so that neither `${A}` nor an alias can multiply. */
const maxCharacters = 8 * 1024 * 1024;
/** What a variable costs beside its characters: `$a` takes as long as a longer text. */
const costOfVariable = 64;
const maxNesting = 32;

const variableName = /[A-Za-z_][A-Za-z0-9_]*/y;
const operator = /:-|-|:\?|\?|:\+|\+/y;

/**
 * Replaces variables in every string value of a document; keys stay as they are (Compose specification, Interpolation).
 * Throws InputError `variable-missing`, `invalid-value`, `yaml-too-large`.
 */
export function interpolateNode(node: YamlNode, scope: Scope): YamlNode {
  const substitute = createSubstitution(scope);
  const walk = (at: YamlNode): YamlNode => {
    if (at.kind === "list") return listNode(at.place, at.items.map(walk));
    if (at.kind === "map")
      return mapNode(
        at.place,
        [...at.entries].map(([key, entry]) => [key, walk(entry.node), entry.key]),
      );
    return typeof at.value === "string" ? scalarNode(at.place, substitute(at.value, at.place)) : at;
  };
  return walk(node);
}

/** A function that replaces `$A`, `${A}`, `${A:-…}`, `${A-…}`, `${A:?…}`, `${A?…}`, `${A:+…}`, `${A+…}` and `$$` in texts. */
export function createSubstitution(scope: Scope): (text: string, place: Place) => string {
  return (text, place) => substitute(text, { place, depth: 0, isUsed: true });

  function substitute(text: string, at: Where): string {
    const { place } = at;
    if (at.depth > maxNesting) throw new InputError("invalid-value", "variables are nested too deeply", { place });
    scope.spend(text.length, place);
    const parts: string[] = [];
    let done = 0;
    while (done < text.length) {
      const dollar = text.indexOf("$", done);
      const end = dollar === -1 ? text.length : dollar;
      parts.push(text.slice(done, end));
      if (dollar === -1) break;
      const { value, next } = expand(text, dollar, at);
      parts.push(value);
      done = next;
    }
    const result = parts.join("");
    scope.spend(result.length, place);
    return result;
  }

  function expand(text: string, dollar: number, at: Where): { value: string; next: number } {
    const following = text[dollar + 1];
    if (following === "$") return { value: "$", next: dollar + 2 };
    if (following === "{") {
      const close = closingBrace(text, dollar + 1);
      if (close === -1) throw badForm(text.slice(dollar), at.place);
      return { value: braced(text.slice(dollar + 2, close), at), next: close + 1 };
    }
    const name = match(variableName, text, dollar + 1);
    return name === ""
      ? { value: "$", next: dollar + 1 }
      : { value: valueOf(name, at), next: dollar + 1 + name.length };
  }

  function braced(inner: string, at: Where): string {
    const name = match(variableName, inner, 0);
    const sign = match(operator, inner, name.length);
    if (name === "" || (sign === "" && name.length < inner.length)) throw badForm(`\${${inner}}`, at.place);
    if (sign === "") return valueOf(name, at);
    scope.spend(costOfVariable, at.place);
    const value = scope.lookup(name);
    const present = sign.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
    const isUsed = present === sign.endsWith("+");
    // Compose looks into the argument also where it does not need it: what is required there is required.
    const argument = substitute(inner.slice(name.length + sign.length), {
      place: at.place,
      depth: at.depth + 1,
      isUsed: at.isUsed && isUsed,
    });
    if (isUsed && !sign.endsWith("?")) return argument;
    if (present || sign.endsWith("+")) return present ? (value ?? "") : "";
    return (isUsed && at.isUsed ? scope.onUnset(name, at.place) : null) ?? required(name, argument, at.place);
  }

  function valueOf(name: string, { place, isUsed }: Where): string {
    scope.spend(costOfVariable, place);
    const value = scope.lookup(name);
    return value ?? (isUsed ? scope.onUnset(name, place) : null) ?? "";
  }
}

/** What is substituted where; what is not used is looked into all the same. */
type Where = { place: Place; depth: number; isUsed: boolean };

function required(name: string, why: string, place: Place): never {
  const said = why === "" ? "" : `: ${excerpt(why)}`;
  throw new InputError("variable-missing", `the variable ${excerpt(name)} is required${said}`, {
    place,
    hint: `Set it in .mayfly.yaml, as \`variables: { ${excerpt(name)}: … }\`, or name it under \`secrets:\` where it is the operator's.`,
  });
}

/** A budget for one stack's texts, to be part of its scope. */
export function createBudget(): Scope["spend"] {
  let left = maxCharacters;
  return (characters, place) => {
    left -= characters;
    if (left < 0)
      throw new InputError("yaml-too-large", "the stack's variables and env files come to too much text", { place });
  };
}

/** Braces inside a default count, as Compose counts them: `${A:-{"b":1}}`. -1 when it is never closed. */
function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

function badForm(text: string, place: Place): InputError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new InputError("invalid-value", `${shown} is not a form of a variable`, {
    place,
    hint: "Write ${NAME} or ${NAME:-default}; for a dollar sign itself write $$.",
  });
}
