import type { Site } from "./app-site.ts";
import { isLocal, type LocalWork, localRepositoryId, localRepositoryName } from "./domain/local.ts";
import { previewKey } from "./domain/naming.ts";
import type { PullRequest } from "./domain/preview.ts";
import type { PreviewView } from "./domain/view.ts";
import type { Intake } from "./intake/intake.ts";
import type { Forge, Wishes } from "./reconcile/ports.ts";
import type { Source } from "./source/source.ts";
import type { Store } from "./store/store.ts";

type Known = Pick<Store, "previews" | "repositories" | "wishes">;

/**
 * A forge that also knows what `mayfly up` sent. Nobody else could be asked again for it: the newest event of such a
 * preview, which is kept as its row's hint, stands for the pull request itself.
 */
export function withLocalPulls(forge: Forge, { repositories, wishes }: Known): Forge {
  return {
    ...forge,
    async readPull(repository, number) {
      const local = repositories.list().find(({ id, name }) => name === repository && isLocal(id));
      return local ? wishes.hintOf(previewKey(local.id, number)) : forge.readPull(repository, number);
    },
  };
}

/** Wishes that keep what `mayfly up` sent. */
export function keepLocalPulls(wishes: Store["wishes"]): Wishes & Store["wishes"] {
  return {
    ...wishes,
    forgetHint(key, hint) {
      if (hint === null || !isLocal(hint.repositoryId)) wishes.forgetHint(key, hint);
    },
  };
}

/** What the API does for `mayfly up` and `mayfly down`. */
export function createLocalPreviews(world: {
  store: Known;
  source: Pick<Source, "takePack">;
  intake: Pick<Intake, "take">;
  site: Pick<Site, "view">;
}) {
  const { store, source, intake, site } = world;
  const shown = (key: string | null): PreviewView => {
    const preview = key === null ? null : store.wishes.get(key);
    if (preview === null) throw new Error(`preview ${key} vanished while it was made`);
    return site.view(preview);
  };
  const findBranch = ({ origin, branch }: Pick<LocalWork, "origin" | "branch">): PullRequest | null => {
    const repositoryId = localRepositoryId(origin);
    const known = store.previews.list({ gone: true }).filter((each) => each.repositoryId === repositoryId);
    return known.map(({ key }) => store.wishes.hintOf(key)).find((pull) => pull?.headRef === branch) ?? null;
  };
  const nextNumber = (repositoryId: number): number => {
    const known = store.previews.list({ gone: true }).filter((each) => each.repositoryId === repositoryId);
    return Math.max(0, ...known.map(({ number }) => number)) + 1;
  };

  return {
    async up(work: LocalWork, pack: AsyncIterable<Uint8Array>): Promise<PreviewView> {
      const repositoryId = localRepositoryId(work.origin);
      await source.takePack(pack, { repositoryId, commit: work.commit });
      const key = await intake.take(() => ({
        repositoryId,
        repository: localRepositoryName(repositoryId, work.name),
        // No forge says who may see it, so nobody may without the link.
        private: true,
        number: findBranch(work)?.number ?? nextNumber(repositoryId),
        title: work.title,
        author: work.author,
        open: true,
        merged: false,
        draft: false,
        headCommit: work.commit,
        headRef: work.branch,
        headRepositoryId: repositoryId,
        baseRef: "",
        labels: [],
      }));
      return shown(key);
    },
    /** Null when there is none. */
    async down(work: Pick<LocalWork, "origin" | "branch">): Promise<PreviewView | null> {
      const pull = findBranch(work);
      if (pull === null) return null;
      return shown(await intake.take(() => ({ ...pull, open: false })));
    },
  };
}
