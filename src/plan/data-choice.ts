import type { DataChoice, Migrations, RetiredVolume, WhenChanged } from "../domain/data.ts";

/** What a deployment's data is chosen by: what the commit and people ask for, and what the data that serves was made of. */
export type DataQuestion = {
  /** Somebody said `/reset`. */
  reset: boolean;
  /** Somebody said `/restore`, and this is what it means. */
  restore: RetiredVolume | null;
  changed: WhenChanged;
  image: Turn;
  seed: Turn;
  migrations: Migrations;
  /** What code that ran on the data brought, a failed attempt's too. */
  seen: Migrations;
  /** Whether somebody wrote to it while it served. */
  written: "yes" | "no" | "unknown";
};

/** What it was and is; null where there is none, or nobody knows. */
type Turn = { was: string | null; is: string | null };

/**
 * Whether a deployment keeps the data that serves. Data is no longer what its commit would make when a migration that
 * it has seen is another one, or when it came from another seed; new migrations run on it. Nothing that people wrote
 * goes without somebody's word, unless the manifest says so.
 */
export function chooseData(question: DataQuestion): DataChoice {
  const { restore, reset, changed, image, written } = question;
  if (restore !== null) return { kind: "restore", name: restore.name };
  if (reset) return { kind: "re-branch", cause: "`/reset`" };
  if (image.was !== null && image.is !== null && image.was !== image.is)
    return { kind: "re-branch", cause: `it runs ${image.is}, and ran ${image.was} before` };
  const added = Object.keys(question.migrations).filter((path) => !(path in question.seen));
  const cause = changeOf(question);
  if (cause === null) return { kind: "keep", added };
  if (changed === "keep") return { kind: "wait", cause, why: "the manifest says `changed: keep`", added };
  if (changed === "reset" || written === "no") return { kind: "re-branch", cause };
  const why = written === "yes" ? "data was written since" : "it is not known whether data was written since";
  return { kind: "wait", cause, why, added };
}

/** What of the data's making is another thing by now, or null. */
function changeOf({ seed, migrations, seen }: DataQuestion): string | null {
  const paths = Object.keys(seen).toSorted();
  const edited = paths.filter((path) => path in migrations && migrations[path] !== seen[path]);
  const gone = paths.filter((path) => !(path in migrations));
  const told = [
    ...(edited.length > 0 ? [`${listOf(edited)} ${edited.length > 1 ? "were" : "was"} edited`] : []),
    ...(gone.length > 0 ? [`${listOf(gone)} ${gone.length > 1 ? "are" : "is"} gone`] : []),
    ...(seed.was !== null && seed.is !== null && seed.was !== seed.is ? [`its seed is another`] : []),
  ];
  return told.length === 0 ? null : told.join(", and ");
}

function listOf(paths: readonly string[]): string {
  const more = paths.length - 2;
  const named = paths.slice(0, 2).map((path) => `\`${path}\``);
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(" and ");
}
