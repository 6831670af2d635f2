import { html as escape, raw } from "hono/html";
import { cleanText } from "../domain/clean-text.ts";

export type Html = ReturnType<typeof escape>;

/** The tag for our pages: every text put in is cleaned of control characters and escaped, arrays are joined. */
export function html(strings: TemplateStringsArray, ...values: unknown[]): Html {
  return escape(strings, ...values.map(clean));
}

/** A constant of our own, put in as it is. Never for anything that came from outside. */
export function ownText(text: string): Html {
  return raw(text);
}

function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  return typeof value === "string" ? cleanText(value) : value;
}
