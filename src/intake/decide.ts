import type { Preview, PreviewSpec, PullRequest } from "../domain/preview.ts";
import type { ChangingVerb } from "../domain/verbs.ts";

/** The next preview, or why nothing changes. */
export type Decision = { kind: "changed"; preview: Preview } | { kind: "unchanged"; reason: string };

/**
 * What the forge says of the pull request → the next wish. Pure, and the same answer when asked twice. Only a change of
 * what should run makes a new generation.
 */
export function decidePull(preview: Preview, pull: PullRequest | null): Decision {
  const { spec } = preview;
  if (pull === null) {
    return spec.reason === "repository-gone"
      ? { kind: "unchanged", reason: "still gone" }
      : changed(preview, { ...spec, wanted: "absent", reason: "repository-gone" });
  }
  const wish = wishFor(pull, spec);
  if (wish.wanted !== "running") {
    return sameWish(spec, wish, pull)
      ? { kind: "unchanged", reason: "nothing new" }
      : changed(preview, { ...spec, ...wish, pull });
  }
  const cause = causeOf(spec, pull);
  if (cause === null) {
    return sameWish(spec, wish, pull)
      ? { kind: "unchanged", reason: "nothing new" }
      : changed(preview, { ...spec, ...wish, pull });
  }
  return changed(preview, { ...spec, ...wish, pull, cause, generation: spec.generation + 1 });
}

/** A verb that somebody with permission said → the next wish. `by` is the login, for the cause. */
export function decideVerb(preview: Preview, verb: ChangingVerb, by: string): Decision {
  const { spec } = preview;
  const pull = spec.pull;
  if (pull === null) return { kind: "unchanged", reason: "the pull request is not known yet" };
  if (spec.wanted === "blocked")
    return { kind: "unchanged", reason: "this pull request is not run (see the preview's comment)" };
  if (!pull.open) return { kind: "unchanged", reason: "the pull request is closed" };
  if (verb === "destroy") {
    return spec.reason === "destroyed"
      ? { kind: "unchanged", reason: "it is destroyed already" }
      : changed(preview, { ...spec, wanted: "absent", reason: "destroyed", cause: `/destroy by ${by}` });
  }
  if (verb === "deploy" && spec.wanted === "running")
    return { kind: "unchanged", reason: "it is up already; `/redeploy` replaces it" };
  return changed(preview, {
    ...spec,
    wanted: "running",
    reason: "open",
    generation: spec.generation + 1,
    redeploys: spec.redeploys + (verb === "redeploy" ? 1 : 0),
    resets: spec.resets + (verb === "reset" ? 1 : 0),
    cause: `/${verb} by ${by}`,
  });
}

/** Every link, cookie and key of a preview ends: another one is due for whoever should look on. */
export function decideTakeBack(preview: Preview): Decision {
  return changed(preview, { ...preview.spec, takenBack: preview.spec.takenBack + 1 });
}

function wishFor(pull: PullRequest, spec: PreviewSpec): Pick<PreviewSpec, "wanted" | "reason"> {
  if (!pull.open) return { wanted: "absent", reason: pull.merged ? "merged" : "closed" };
  if (pull.headRepositoryId !== pull.repositoryId) return { wanted: "blocked", reason: "fork" };
  if (spec.reason === "destroyed") return { wanted: "absent", reason: "destroyed" };
  return { wanted: "running", reason: "open" };
}

/** Why another generation is due, or null when what runs is what should. */
function causeOf(spec: PreviewSpec, pull: PullRequest): string | null {
  if (spec.generation === 0 || spec.pull === null) return "opened";
  if (spec.wanted !== "running") return "reopened";
  if (spec.pull.headCommit !== pull.headCommit) return `push of ${pull.headCommit.slice(0, 7)}`;
  if (spec.pull.baseRef !== pull.baseRef) return `base changed to ${pull.baseRef}`;
  return null;
}

function sameWish(spec: PreviewSpec, wish: Pick<PreviewSpec, "wanted" | "reason">, pull: PullRequest): boolean {
  return (
    spec.wanted === wish.wanted && spec.reason === wish.reason && JSON.stringify(spec.pull) === JSON.stringify(pull)
  );
}

function changed(preview: Preview, spec: PreviewSpec): Decision {
  // Whatever is wished next, something of the preview is or may soon be on the engine, unless it stays gone.
  const staysGone = preview.goneAt !== null && spec.wanted !== "running";
  return { kind: "changed", preview: { ...preview, spec, goneAt: staysGone ? preview.goneAt : null } };
}
