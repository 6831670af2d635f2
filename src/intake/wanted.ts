import picomatch from "picomatch";
import { isLocal } from "../domain/local.ts";
import type { PreviewSpec, PullRequest } from "../domain/preview.ts";

/** Which pull requests of a repository get a preview, as the operator says. */
export type When = { drafts: boolean; bots: boolean; label: string | null; paths: string[] };

/** Why a pull request gets no preview by itself, or null when it does. `touchesPaths` counts where `paths` is set. */
export function unwantedBecause(
  pull: PullRequest,
  when: When,
  touchesPaths: boolean,
): Pick<PreviewSpec, "reason" | "detail"> | null {
  // Who says `mayfly up` wants it.
  if (isLocal(pull.repositoryId)) return null;
  if (/\[skip preview\]/i.test(pull.title)) return { reason: "skipped", detail: null };
  // GitHub's own form of an App's login; nobody else may have brackets in theirs.
  if (!when.bots && pull.author.endsWith("[bot]")) return { reason: "bot", detail: null };
  if (!when.drafts && pull.draft) return { reason: "draft", detail: null };
  if (when.label !== null && !hasLabel(pull, when.label)) return { reason: "label", detail: when.label };
  if (when.paths.length > 0 && !touchesPaths) return { reason: "paths", detail: when.paths.join(", ") };
  return null;
}

/**
 * Whether one of these files is among `paths`: globs in which `*` stays within a folder and `**` does not, `apps/` is all
 * in a folder, and a later `!pattern` takes out again. Dot files count as any other.
 */
export function touches(files: readonly string[], paths: readonly string[]): boolean {
  const rules = paths.map((path) => ({
    takes: !path.startsWith("!"),
    matches: picomatch(path.replace(/^!?\/?/, "").replace(/\/$/, "/**"), { dot: true }),
  }));
  return files.some((file) => rules.findLast(({ matches }) => matches(file))?.takes ?? false);
}

/**
 * Whether one of these files is one of `paths`, lies in one that ends in a slash, or is a submodule that holds one. By
 * attributes git may lay out any other file otherwise (gitattributes(5)): they count wherever they are.
 */
export function liesIn(files: readonly string[], paths: readonly string[]): boolean {
  const isIn = (file: string, path: string) =>
    file === path || (path.endsWith("/") && file.startsWith(path)) || path.startsWith(`${file}/`);
  return files.some((file) => /(^|\/)\.gitattributes$/.test(file) || paths.some((path) => isIn(file, path)));
}

/** GitHub's labels are the same in any case. */
function hasLabel({ labels }: PullRequest, label: string): boolean {
  return labels.some((each) => each.toLowerCase() === label.toLowerCase());
}
