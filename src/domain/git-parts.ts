/** What of a repository's commits is kept elsewhere and fetched all the same: as the operator says it. */
export type GitParts = {
  /** Files of Git LFS, from the forge's own store. */
  lfs: boolean;
  /** Repositories whose commits are laid out as submodules: `owner/name`, or `owner/*`. */
  submodules: readonly string[];
};

/** What holds where nobody says otherwise, for forks, and for what `mayfly up` sends. */
export const noGitParts: GitParts = { lfs: false, submodules: [] };

/** What of a commit was left as git itself has it: a submodule an empty folder, a file of Git LFS its pointer. */
export type LeftPart =
  | { kind: "lfs"; path: string }
  /** Null where its URL names no repository of the forge. */
  | { kind: "submodule"; path: string; repository: string | null };

/** True for a repository that the operator named. */
export function mayBeSubmodule({ submodules }: GitParts, repository: string): boolean {
  const wanted = repository.toLowerCase();
  const owner = `${wanted.split("/")[0]}/*`;
  return submodules.some((name) => [wanted, owner].includes(name.toLowerCase()));
}
