import type { Preview, PreviewSpec, PullRequest } from "../domain/preview.ts";
import { isKeeping, isResting, type SaidVerb } from "../domain/verbs.ts";
import { type Forks, heldBack } from "./forks.ts";
import { decideKeeping, type Term } from "./keep.ts";
import { decideRestVerb, type Serving } from "./rest.ts";
import { decideRollback, type Earlier } from "./rollback.ts";
import { type KeptData, judgeRestore } from "./restore.ts";
import { liesIn, touches, unwantedBecause, type When } from "./wanted.ts";

/** The next preview, or why nothing changes. */
export type Decision = { kind: "changed"; preview: Preview } | { kind: "unchanged"; reason: string };

/** What holds for the repository, and when it is decided. */
export type Rules = Term &
  Serving & {
    when: When;
    forks: Forks;
    /** Of what the newest generation is made, by path; null where every push changes it, or that is not known. */
    sources: readonly string[] | null;
    /** The deployment that a rollback would run again; null where there is none. */
    earlier?: Earlier | null;
    /** Left out: nothing serves. */
    data?: KeptData;
  };

/** Files by path: of the whole pull request (null: nobody asked), and of what was pushed on top of the newest generation (null: not known). */
export type ChangedFiles = { pull: readonly string[] | null; push: readonly string[] | null };

/** What `decidePull` has to be told: nothing, only what was pushed, or also what the whole pull request changes. */
export type FilesNeeded = "none" | "push" | "all";

type Wish = Pick<PreviewSpec, "wanted" | "reason" | "detail">;

/**
 * What the forge says of the pull request → the next wish. Pure, and the same answer when asked twice. Only a change of
 * what should run makes a new generation. `files` are null where `needsFiles` says that nobody has to ask.
 */
export function decidePull(
  preview: Preview,
  pull: PullRequest | null,
  rules: Rules,
  files: ChangedFiles | null = null,
): Decision {
  const { spec } = preview;
  if (pull === null) {
    return spec.reason === "repository-gone"
      ? { kind: "unchanged", reason: "still gone" }
      : changed(preview, { ...spec, ...ended, wanted: "absent", reason: "repository-gone", detail: null }, rules);
  }
  const touched = touchedBy(files, rules.when, spec);
  const wish = wishFor(pull, { ...preview, spec: { ...spec, touched } }, rules);
  const isPush = wish.wanted === "running" && spec.pull?.headCommit !== pull.headCommit;
  const next = {
    ...spec,
    ...(wish.wanted === "absent" && ended),
    ...wish,
    pull,
    touched,
    ...(isPush && { activeAt: rules.now }),
  };
  const isKept = files !== null && files.push !== null && !changesPreview(files.push, rules);
  const cause = wish.wanted === "running" ? causeOf(spec, pull, isKept) : null;
  if (cause === null) {
    return JSON.stringify(next) === JSON.stringify(spec)
      ? { kind: "unchanged", reason: "nothing new" }
      : changed(preview, next, rules);
  }
  return changed(preview, { ...next, cause, ...generationOf(pull, spec, rules) }, rules);
}

/** Which changed files `decidePull` wants to know, once for each head and base: all where `when.paths` is set, else of a push to what runs. */
export function needsFiles(
  { spec }: Preview,
  pull: PullRequest | null,
  rules: Pick<Rules, "when" | "sources">,
): FilesNeeded {
  const { paths } = rules.when;
  if (pull === null || !pull.open) return "none";
  if (paths.length === 0) {
    const isPush = spec.wanted === "running" && spec.pull?.headCommit !== pull.headCommit;
    return isPush && rules.sources !== null ? "push" : "none";
  }
  const isKnown = spec.touched !== null && JSON.stringify(spec.touched.paths) === JSON.stringify(paths);
  const isNews = !isKnown || spec.pull?.headCommit !== pull.headCommit || spec.pull.baseRef !== pull.baseRef;
  return isNews ? "all" : "none";
}

/** Whether a push changes the preview: by the operator's paths where there are any, else by what it is made of. */
function changesPreview(pushed: readonly string[], { when, sources }: Rules): boolean {
  if (when.paths.length > 0) return touches(pushed, when.paths);
  return sources === null || liesIn(pushed, sources);
}

/** A verb that somebody with permission said → the next wish. `by` is the login, for the cause. */
export function decideVerb(preview: Preview, said: SaidVerb, rules: Rules): Decision {
  const { spec } = preview;
  const { verb, argument, by } = said;
  const pull = spec.pull;
  if (pull === null) return { kind: "unchanged", reason: "the pull request is not known yet" };
  if (spec.wanted === "blocked")
    return { kind: "unchanged", reason: "this pull request is not run (see the preview's comment)" };
  if (!pull.open) return { kind: "unchanged", reason: "the pull request is closed" };
  if (isKeeping(verb)) return decideKeeping(preview, { verb, argument }, rules);
  if (isResting(verb)) return decideRestVerb(preview, verb, rules);
  const cause = `/${verb} by ${by}`;
  if (verb === "destroy") {
    return spec.reason === "destroyed"
      ? { kind: "unchanged", reason: "it is destroyed already" }
      : changed(preview, { ...spec, ...ended, wanted: "absent", reason: "destroyed", detail: null, cause }, rules);
  }
  if (verb === "rollback") {
    const next = decideRollback(preview, { ...rules, earlier: rules.earlier ?? null });
    if ("unchanged" in next) return { kind: "unchanged", reason: next.unchanged };
    return changed(preview, { ...spec, asked: true, cause, ...next }, rules);
  }
  if (heldBack(pull, preview.allowed, rules.forks) !== null)
    return { kind: "unchanged", reason: "nobody has allowed this commit of a fork" };
  if (verb === "deploy" && spec.wanted === "running")
    return { kind: "unchanged", reason: "it is up already; `/redeploy` replaces it" };
  const restored = verb === "restore" ? judgeRestore(spec, argument, rules) : null;
  if (restored?.kind === "unchanged") return restored;
  const next: PreviewSpec = {
    ...spec,
    wanted: "running",
    reason: "open",
    detail: null,
    asked: true,
    redeploys: spec.redeploys + (verb === "redeploy" ? 1 : 0),
    ...(verb === "reset" && { resetBy: spec.generation + 1, restore: null }),
    ...restored?.wish,
    cause,
    ...generationOf(pull, spec, rules),
    // Data alone comes back: the code stays what it is.
    ...(restored !== null && spec.rollback && { rollback: spec.rollback, commit: spec.commit }),
  };
  return changed(preview, next, rules);
}

/** A fork's commit was allowed, and that is stored → the next wish, if it still is the newest one. */
export function decideAllowed(preview: Preview, said: { commit: string; by: string }, rules: Rules): Decision {
  const { spec, allowed } = preview;
  const pull = spec.pull;
  if (pull?.open !== true || pull.headCommit !== said.commit || heldBack(pull, allowed, rules.forks) !== null)
    return { kind: "unchanged", reason: "a newer commit came meanwhile" };
  if (spec.wanted === "running") return { kind: "unchanged", reason: "that commit is up already" };
  const wish = { wanted: "running", reason: "open", detail: null, asked: true } as const;
  const cause = `${said.commit.slice(0, 7)} allowed by ${said.by}`;
  return changed(preview, { ...spec, ...wish, cause, ...generationOf(pull, spec, rules) }, rules);
}

/** Every link, cookie and key of a preview ends: another one is due for whoever should look on. */
export function decideTakeBack(preview: Preview): Decision {
  const spec = { ...preview.spec, takenBack: preview.spec.takenBack + 1 };
  return { kind: "changed", preview: { ...preview, spec } };
}

/** What somebody asked of a preview does not outlive it. */
const ended = { asked: false, pinned: false, keptUntil: null, rest: null, rollback: null } as const;

function wishFor(pull: PullRequest, { spec, allowed }: Preview, { when, forks }: Rules): Wish {
  if (!pull.open) return { wanted: "absent", reason: pull.merged ? "merged" : "closed", detail: null };
  const unwanted = spec.asked ? null : unwantedBecause(pull, when, spec.touched?.any ?? true);
  if (unwanted !== null && spec.reason !== "destroyed") return { wanted: "absent", ...unwanted };
  const fork = heldBack(pull, allowed, forks);
  if (fork !== null) return { wanted: "blocked", reason: fork, detail: null };
  if (spec.reason === "destroyed") return { wanted: "absent", reason: "destroyed", detail: null };
  const isPush = spec.pull?.headCommit !== pull.headCommit;
  if (spec.reason === "expired" && !isPush) return { wanted: "absent", reason: "expired", detail: null };
  return { wanted: "running", reason: "open", detail: null };
}

function touchedBy(files: ChangedFiles | null, { paths }: When, spec: PreviewSpec): PreviewSpec["touched"] {
  if (paths.length === 0) return null;
  return files === null || files.pull === null ? spec.touched : { paths: [...paths], any: touches(files.pull, paths) };
}

/** Why another generation is due, or null when what runs is what should. */
function causeOf(spec: PreviewSpec, pull: PullRequest, isKept: boolean): string | null {
  const isPush = spec.pull?.headCommit !== pull.headCommit;
  if (spec.generation === 0 || spec.pull === null) return "opened";
  if (spec.wanted !== "running" && (spec.reason === "merged" || spec.reason === "closed")) return "reopened";
  if (spec.wanted !== "running" && !isPush) return "wanted again";
  if (spec.pull.baseRef !== pull.baseRef) return `base changed to ${pull.baseRef}`;
  // After a rollback every push counts: what runs is not what it was made on.
  const stays = isKept && spec.wanted === "running" && !spec.rollback;
  return isPush && !stays ? `push of ${pull.headCommit.slice(0, 7)}` : null;
}

function generationOf(pull: PullRequest, spec: PreviewSpec, { now }: Rules) {
  return { generation: spec.generation + 1, commit: pull.headCommit, activeAt: now, rollback: null };
}

function changed(preview: Preview, spec: PreviewSpec, { now }: Rules): Decision {
  // Whatever is wished next, something of the preview is or may soon be on the engine, unless it stays gone.
  const staysGone = preview.goneAt !== null && spec.wanted !== "running";
  const comesAnew = spec.wanted === "running" && (preview.goneAt !== null || preview.spec.generation === 0);
  // Whatever the clock says, the place that it had was given before.
  const since = Math.max(now, (preview.admittedAt ?? -1) + 1);
  return {
    kind: "changed",
    preview: {
      ...preview,
      spec: comesAnew ? { ...spec, wantedSince: since } : spec,
      goneAt: staysGone ? preview.goneAt : null,
    },
  };
}
