import { type RetiredVolume, retiredId, type VolumeFacts } from "./data.ts";
import type { Deployment } from "./preview.ts";
import { describeParts } from "./seed.ts";
import type { ServiceSpec } from "./service.ts";
import type { StackSpec, VolumeSpec } from "./stack.ts";
import { formatMoment } from "./time.ts";

/** Replaced data as people and programs see it. */
export type RetiredView = { id: string; service: string; cause: string; until: number };

type Known = { facts: Readonly<Record<string, VolumeFacts>>; retired: readonly RetiredVolume[] };

/** Which data each seeded service has, and how it came to it; null where nothing is seeded. */
export function describeData(stack: StackSpec | null, facts: Known["facts"]): string | null {
  const told = (stack?.seeds ?? []).map((seed) => {
    const { service, volume, content = "" } = seed;
    const known = facts[stack?.resolved?.volumes[volume] ?? ""];
    if (!known?.branch || known.seed === null) {
      const why = known === undefined ? null : whyInPlace(stack?.services.find(({ name }) => name === service));
      return `${service} seeded from ${describeParts(seed).join(", ")}${why === null ? "" : `, for this preview alone: ${why}`}`;
    }
    const newer = known.seed === content ? "" : `; the seed is ${content.slice(0, 8)} by now, \`/reset\` takes it`;
    const { tookMs, strategy } = known.branch;
    return `${service} has the data of seed ${known.seed.slice(0, 8)}, branched in ${tookMs} ms by ${strategy}${newer}`;
  });
  return told.length > 0 ? told.join("; ") : null;
}

/** The commonest reasons why a seed is loaded in each preview, for whom it concerns: whoever changes them has branches. */
function whyInPlace(service: ServiceSpec | undefined): string | null {
  if (service === undefined) return null;
  if (service.mounts.some(({ kind }) => kind === "files")) return "the service mounts files of the repository";
  if (service.secrets.length > 0) return "the service is given a secret";
  return service.dependsOn.length > 0 ? "the service waits for another" : null;
}

/** What was replaced, the last first. */
export function describeRetired(retired: readonly RetiredVolume[]): RetiredView[] {
  return retired.map((each) => {
    const { cause, until } = each;
    return { id: retiredId(each), service: each.service ?? each.volume, cause, until };
  });
}

/** What became of the data of what serves, what it waits for, and what a failed attempt may have done to it. */
export function noteData(
  { serving, newest, isResetOver }: { serving: Deployment | null; newest: Deployment | null; isResetOver: boolean },
  known: Known,
): string[] {
  const choices = (serving?.stack?.volumes ?? []).flatMap((volume) => noteChoice(volume, known));
  const failed = newest?.phase === "failed" && serving?.stack ? newest.stack : null;
  const traces = (failed?.volumes ?? []).flatMap((volume) => noteTrace(volume, serving?.stack ?? null, known));
  const last = describeRetired(known.retired)[0];
  const restorable =
    last === undefined
      ? []
      : [`The data before that stays until ${formatMoment(last.until)}; \`/restore\` brings it back`];
  return [...(isResetOver ? [resetOver] : []), ...traces, ...choices, ...restorable];
}

function noteChoice({ name, rules, choice }: VolumeSpec, { retired }: Known): string[] {
  const who = rules?.service ?? name;
  switch (choice?.kind) {
    case "re-branch":
      return [`${who} re-branched: ${choice.cause}`];
    case "restore":
      return retired.length > 0 ? [`${who} has its data of before again, by \`/restore\``] : [];
    case "wait":
      return [
        `${who} keeps its data, although ${choice.cause}: ${choice.why}. \`/reset\` begins anew, and keeps what is there for a day`,
      ];
    case "keep":
    case undefined:
      return [];
  }
}

/** Told until it is said again: a push that mends what failed goes on with the data of before. */
const resetOver = "`/reset` failed, and the data of before stays: say it again once what failed is mended";

/** Migrations that the data met with an attempt that failed: nobody knows how far they came. */
function noteTrace({ name, rules, choice }: VolumeSpec, serving: StackSpec | null, { facts }: Known): string[] {
  const added = choice?.kind === "keep" || choice?.kind === "wait" ? choice.added : [];
  const seen = facts[serving?.resolved?.volumes[name] ?? ""]?.seen ?? {};
  const met = added.filter((path) => path in seen);
  if (met.length === 0) return [];
  const named = met.slice(0, 2).map((path) => `\`${path}\``);
  const which = `${named.join(", ")}${met.length > 2 ? ` and ${met.length - 2} more` : ""}`;
  return [
    `The failed attempt ran ${which} on the data of ${rules?.service ?? name}, which stays as it left it; \`/reset\` begins anew`,
  ];
}
