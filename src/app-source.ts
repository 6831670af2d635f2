import { type ServerConfig, settingsFor } from "./config/server.ts";
import { type GitParts, noGitParts } from "./domain/git-parts.ts";
import { isLocal } from "./domain/local.ts";
import { trustOf } from "./domain/preview.ts";
import type * as ports from "./reconcile/ports.ts";
import type { Source } from "./source/source.ts";

/** Checkouts with the submodules and LFS files that the operator lets a preview have. */
export function withGitParts(source: Pick<Source, "checkout">, config: ServerConfig): ports.Source {
  return {
    checkout: (preview, commit, signal, paths) => {
      const { repository, repositoryId, number } = preview;
      return source.checkout(
        { repository, repositoryId, number, parts: partsOf(config, preview) },
        commit,
        signal,
        paths,
      );
    },
  };
}

/** None for forks, whose branches would choose what our token reads; none where there is no forge to ask. */
function partsOf(config: ServerConfig, { repository, repositoryId, spec }: ports.CheckoutOf): GitParts {
  if (isLocal(repositoryId) || !spec?.pull || trustOf(spec.pull) === "fork") return noGitParts;
  return settingsFor(config, repository).git;
}
