import { allowCommand } from "../domain/fork.ts";
import { type Preview, type PullRequest, trustOf } from "../domain/preview.ts";

/** What the operator says of pull requests from forks: each commit by somebody's word, or never. */
export type Forks = "allow" | "never";

/** Why a commit may not run, or null: a fork's runs when somebody with permission has allowed exactly that commit. */
export function heldBack(pull: PullRequest, allowed: readonly string[], forks: Forks): "fork" | "forks-never" | null {
  if (trustOf(pull) === "team") return null;
  if (forks === "never") return "forks-never";
  return allowed.includes(pull.headCommit) ? null : "fork";
}

/** The whole commit that `/allow` means, or why it means none. `reason` completes "`/allow` changed nothing: …". */
export type Judged = { kind: "commit"; commit: string } | { kind: "unchanged"; reason: string };

/** Judges what somebody with permission said: it has to name the newest commit, since a push may have come since they looked. */
export function judgeAllow({ spec: { pull } }: Preview, argument: string | null, forks: Forks): Judged {
  if (pull === null) return no("the pull request is not known yet");
  if (!pull.open) return no("the pull request is closed");
  if (trustOf(pull) === "team")
    return no("the pull request does not come from a fork, so its commits need nobody's word");
  if (forks === "never") return no("the operator's server file says `forks: never` for this repository");
  const newest = `\`${allowCommand(pull.headCommit)}\``;
  if (argument === null) return no(`say which commit, after a look at it: ${newest}`);
  const said = argument.toLowerCase();
  if (!/^[0-9a-f]{7,64}$/.test(said)) return no(`a commit is named by at least 7 of its digits, such as ${newest}`);
  if (pull.headCommit.startsWith(said)) return { kind: "commit", commit: pull.headCommit };
  return no(
    `\`${said.slice(0, 12)}\` is not the newest commit. Look at what the newest one changes, then say ${newest}`,
  );
}

function no(reason: string): Judged {
  return { kind: "unchanged", reason };
}
