/** What a verb needs of the person who says it. */
export type Permission = "write" | "anyone";

type VerbEntry = {
  permission: Permission;
  /** One line for help texts, in the imperative. */
  help: string;
  /** What follows the verb, in usage lines. */
  args: string;
};

/** The one table of verbs: comment commands, CLI commands and HTTP routes are made from it. */
export const verbs = {
  deploy: { permission: "write", args: "", help: "bring the preview up, also after /destroy" },
  redeploy: { permission: "write", args: "", help: "replace the stack by a fresh one of the same commit; data stays" },
  reset: { permission: "write", args: "", help: "start over with fresh data; what is replaced stays for a day" },
  restore: { permission: "write", args: "[ID]", help: "bring back the data that was replaced last, or that of an id" },
  rollback: {
    permission: "write",
    args: "",
    help: "return to the deployment that was good before; data does not go back with it",
  },
  extend: { permission: "write", args: "[DURATION]", help: "keep the preview for that long, used or not" },
  pin: { permission: "write", args: "", help: "keep the preview until the pull request is closed" },
  unpin: { permission: "write", args: "", help: "let the preview go when it is not used" },
  sleep: { permission: "write", args: "", help: "stop the preview until somebody visits it; its data stays" },
  wake: { permission: "write", args: "", help: "start the preview again that sleeps" },
  destroy: { permission: "write", args: "", help: "remove the preview until /deploy" },
  logs: { permission: "write", args: "[SERVICE]", help: "show the last lines of a service" },
  allow: { permission: "write", args: "SHA", help: "run this commit of a fork, and no other" },
  share: {
    permission: "write",
    args: "[7d|off]",
    help: "make a link for others that ends, or take back every link and key (off)",
  },
  help: { permission: "anyone", args: "", help: "show this list" },
} as const satisfies Record<string, VerbEntry>;

export type Verb = keyof typeof verbs;

/** Verbs that change a wish; the others only answer. */
export const changingVerbs = [
  "deploy",
  "redeploy",
  "reset",
  "restore",
  "rollback",
  "extend",
  "pin",
  "unpin",
  "sleep",
  "wake",
  "destroy",
] as const satisfies readonly Verb[];
export type ChangingVerb = (typeof changingVerbs)[number];

/** Of those, the ones that say how long it is kept: what runs stays as it is. */
const keepingVerbs = ["extend", "pin", "unpin"] as const satisfies readonly ChangingVerb[];
export type KeepingVerb = (typeof keepingVerbs)[number];

/** And those that say how much of what serves runs. */
const restingVerbs = ["sleep", "wake"] as const satisfies readonly ChangingVerb[];
export type RestingVerb = (typeof restingVerbs)[number];

/** A verb with what was said after it, and by whom. */
export type SaidVerb = { verb: ChangingVerb; argument: string | null; by: string };

export const verbNames = Object.keys(verbs) as Verb[];

export function isVerb(text: string): text is Verb {
  return Object.hasOwn(verbs, text);
}

export function isChanging(verb: Verb): verb is ChangingVerb {
  return (changingVerbs as readonly Verb[]).includes(verb);
}

export function isKeeping(verb: Verb): verb is KeepingVerb {
  return (keepingVerbs as readonly Verb[]).includes(verb);
}

export function isResting(verb: Verb): verb is RestingVerb {
  return (restingVerbs as readonly Verb[]).includes(verb);
}

/** The verb somebody probably meant (one or two letters off), or undefined. */
export function nearestVerb(text: string): Verb | undefined {
  return nearest(text, verbNames);
}

/** Nobody misspells a longer word; comparing takes the product of both lengths. */
const longestWord = 64;

/** The candidate at most two edits away (one for short words), or undefined. */
export function nearest<T extends string>(text: string, candidates: readonly T[]): T | undefined {
  if (text.length > longestWord) return undefined;
  const allowed = text.length < 5 ? 1 : 2;
  let best: { candidate: T; distance: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(text.length - candidate.length) > allowed) continue;
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase());
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Two letters that changed places are one edit. */
function editDistance(a: string, b: string): number {
  let [beforeLast, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (last?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (beforeLast?.[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min(substitution, swap, (last?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return last?.[b.length] ?? 0;
}
