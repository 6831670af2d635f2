import type { Access } from "../domain/access.ts";
import type { Allowance } from "../domain/allowance.ts";
import { type GitParts, noGitParts } from "../domain/git-parts.ts";
import type { Place } from "../domain/errors.ts";
import type { Repository, SecretSource } from "./server-file.ts";

/** What holds for the previews of one repository. */
export type RepositorySettings = {
  /** For a whole preview, not for a container. */
  limits: { cpus: number; memoryBytes: number; pids: number; services: number };
  /** Which pull requests get a preview: drafts and bots or not, with this label only, touching one of these paths only. */
  when: { drafts: boolean; bots: boolean; label: string | null; paths: string[] };
  /** Since the last push or visit. */
  ttlMs: number;
  /** Not used for so long, what serves is paused, and later stopped; null: never. */
  freezeAfterMs: number | null;
  stopAfterMs: number | null;
  /** Previews of this repository that are up at once. */
  max: number;
  /** Null: `link` for a private repository, `public` for another. */
  access: Access | null;
  /** `allow`: each commit on its own, by somebody with write permission. */
  forks: "allow" | "never";
  /** What previews of this repository may beyond what any may; those of forks never. */
  allow: Allowance[];
  /** What is fetched beside the commit itself; never for forks. */
  git: GitParts;
  /** By name; each is read when a deployment asks for it. */
  secrets: Record<string, { source: SecretSource; place: Place }>;
};

/** What holds when the server file does not say. */
export const defaultSettings: RepositorySettings = {
  limits: { cpus: 2, memoryBytes: 2 * 1024 ** 3, pids: 1024, services: 30 },
  when: { drafts: true, bots: false, label: null, paths: [] },
  ttlMs: 72 * 3_600_000,
  freezeAfterMs: 15 * 60_000,
  stopAfterMs: 2 * 3_600_000,
  max: 20,
  access: null,
  forks: "allow",
  allow: [],
  git: noGitParts,
  secrets: {},
};

/** What is written for a repository, over what holds without it. Maps are merged key by key, lists are replaced. */
export function mergeSettings(
  base: RepositorySettings,
  own: Repository | null | undefined,
  secretPlace: (name: string) => Place,
): RepositorySettings {
  if (!own) return base;
  const secrets = Object.entries(own.secrets ?? {}).map(
    ([name, source]) => [name, { source, place: secretPlace(name) }] as const,
  );
  return {
    limits: {
      cpus: own.limits?.cpus ?? base.limits.cpus,
      memoryBytes: own.limits?.memory ?? base.limits.memoryBytes,
      pids: own.limits?.pids ?? base.limits.pids,
      services: own.limits?.services ?? base.limits.services,
    },
    when: {
      drafts: own.when?.drafts ?? base.when.drafts,
      bots: own.when?.bots ?? base.when.bots,
      label: own.when?.label ?? base.when.label,
      paths: own.when?.paths ?? base.when.paths,
    },
    ttlMs: own.ttl ?? base.ttlMs,
    freezeAfterMs: restAfter(own.freeze_after, base.freezeAfterMs),
    stopAfterMs: restAfter(own.stop_after, base.stopAfterMs),
    max: own.max ?? base.max,
    access: own.access ?? base.access,
    forks: own.forks ?? base.forks,
    allow: own.allow ?? base.allow,
    git: { lfs: own.git?.lfs ?? base.git.lfs, submodules: own.git?.submodules ?? base.git.submodules },
    secrets: { ...base.secrets, ...Object.fromEntries(secrets) },
  };
}

function restAfter(own: number | "never" | undefined, base: number | null): number | null {
  if (own === undefined) return base;
  return own === "never" ? null : own;
}
