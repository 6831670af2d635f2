import { cleanText } from "./clean-text.ts";

/** What the main page has to answer before a deployment is ready, where the author says it. */
export type PageWish = {
  /** Statuses from … to, both included; any below 500 without. */
  statuses?: StatusRange[];
  /** A text that must stand in the answer's first part, as it is. */
  text?: string;
};

export type StatusRange = { from: number; to: number };

/** What came back: `body` is the first part of it, as text. */
export type PageAnswer = { status: number; location: string | null; body: string };

const below500: StatusRange[] = [{ from: 100, to: 499 }];
/** So much of an answer is told. */
const toldCharacters = 160;

/** What is wrong with an answer, as it goes on after the page's name, or null when it is good. */
export function whyNotGood(answer: PageAnswer, { statuses, text }: PageWish = {}): string | null {
  const { status, location, body } = answer;
  const isWanted = (statuses ?? below500).some(({ from, to }) => status >= from && status <= to);
  if (!isWanted) {
    const leadsTo = location === null ? "" : `, which leads to ${shown(location)}`;
    const wanted = statuses === undefined ? "" : `, and not ${inWords(statuses)}`;
    return `answers ${status}${wanted}${leadsTo}${firstBytes(body)}`;
  }
  if (text === undefined || body.includes(text)) return null;
  return `answers ${status} without ${JSON.stringify(shown(text))}${firstBytes(body)}`;
}

/** `200, 204 or 3xx`. */
function inWords(statuses: readonly StatusRange[]): string {
  const words = statuses.map(({ from, to }) => (from === to ? String(from) : `${Math.floor(from / 100)}xx`));
  const last = words.pop() ?? "";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}

function firstBytes(body: string): string {
  const text = shown(body);
  return text === "" ? "" : `: ${text}`;
}

/** On one line, and not much of it. */
function shown(text: string): string {
  const plain = text.slice(0, 4000).split(/\s+/).map(cleanText).join(" ").trim();
  return plain.length > toldCharacters ? `${plain.slice(0, toldCharacters).toWellFormed()}…` : plain;
}
