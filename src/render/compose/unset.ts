import { excerpt } from "../../config/excerpt.ts";
import type { Finding, Place } from "../../domain/errors.ts";
import { note } from "../findings.ts";
import type { Unset } from "./variables.ts";

/** So many places of one variable are told. */
const mostPlaces = 5;

type Seen = { places: Map<string, Place>; standIn: { file: string; for: string } | null };

/** Gathers the variables that have neither a value nor a default: an empty value that nobody sees is the commonest trap. */
export function gatherUnset(): { tell: Unset; findings(): Finding[] } {
  const seen = new Map<string, Seen>();
  return {
    tell(name, place, standIn) {
      const known = seen.get(name) ?? { places: new Map(), standIn };
      seen.set(name, known);
      known.places.set(written(place), place);
    },
    findings: () => [...seen].map(([name, about]) => finding(name, about)),
  };
}

function finding(name: string, { places, standIn }: Seen): Finding {
  const [first = { file: "", line: 1, column: 1 }, ...others] = places.values();
  const more = others.length > mostPlaces ? ` and ${others.length - mostPlaces} more` : "";
  const also = others.length === 0 ? "" : ` (also at ${others.slice(0, mostPlaces).map(written).join(", ")}${more})`;
  const shown = excerpt(name);
  if (standIn !== null) {
    const message = `the variable ${shown} has the value of ${standIn.file}, since ${standIn.for} is not committed${also}`;
    return note(first, "variable-example", message, `For another one: \`variables: { ${shown}: … }\` in .mayfly.yaml.`);
  }
  const message = `the variable ${shown} is not set: it becomes an empty text${also}`;
  const hint = `Set it in .mayfly.yaml, \`variables: { ${shown}: … }\` or as one of \`secrets:\`, or give it a default: \${${shown}:-default}.`;
  return note(first, "variable-unset", message, hint);
}

function written({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
