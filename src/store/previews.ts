import { previewKey, previewSlug } from "../domain/naming.ts";
import { type Preview, type PreviewSpec, type PullRequest, unread } from "../domain/preview.ts";
import type { Database } from "./database.ts";
import type { RepositoryStore } from "./repositories.ts";

/** The wishes: one row a pull request, written by compare-and-set on its revision. */
export function createPreviewStore(database: Database, repositories: Pick<RepositoryStore, "ensure">) {
  const select = `select p.*, r.name as repository,
    (select json_group_array(a.commit_id) from approvals a where a.preview = p.key) as allowed
    from previews p join repositories r on r.id = p.repository_id`;
  return {
    get: (key: string): Preview | null => parse(database.get(`${select} where p.key = ?`, key)),
    bySlug: (slug: string): Preview | null => parse(database.get(`${select} where p.slug = ?`, slug)),

    /** All of them, oldest first; without `gone`, only those that are or should be there. */
    list: (options: { gone: boolean }): Preview[] =>
      database
        .all(`${select} ${options.gone ? "" : "where p.gone_at is null"} order by p.created_at, p.key`)
        .flatMap((row) => parse(row) ?? []),

    /** The row of a pull request, made when it is first heard of. Its slug is fixed then. */
    ensure(pull: { repositoryId: number; repository: string; number: number }, now: number): Preview {
      const key = previewKey(pull.repositoryId, pull.number);
      const { slug } = repositories.ensure({ id: pull.repositoryId, name: pull.repository });
      database.run(
        `insert into previews (key, slug, repository_id, number, spec, revision, created_at) values (?, ?, ?, ?, ?, 0, ?)
         on conflict (key) do nothing`,
        key,
        previewSlug(slug, pull.number),
        pull.repositoryId,
        pull.number,
        JSON.stringify(unread),
        now,
      );
      const made = this.get(key);
      if (made === null) throw new Error(`preview ${key} vanished while it was made`);
      return made;
    },

    /** Remembers what an event said of the pull request, and raises the revision. */
    hint(key: string, pull: PullRequest): void {
      database.run("update previews set hint = ?, revision = revision + 1 where key = ?", JSON.stringify(pull), key);
    },

    /** What the newest event said and the forge has not confirmed yet. */
    hintOf(key: string): PullRequest | null {
      const hint = database.get("select hint from previews where key = ?", key)?.["hint"];
      return typeof hint === "string" ? (JSON.parse(hint) as PullRequest) : null;
    },

    forgetHint: (key: string): number => database.run("update previews set hint = null where key = ?", key),

    /** Those of which an event or a comment was stored that no run has answered: a process may have ended in between. */
    unheard: (): string[] =>
      database
        .all(
          "select key from previews where hint is not null union select preview from requests where state = 'waiting'",
        )
        .map((row) => String(row["key"])),
    /** Those of which nothing is left since then, in epoch milliseconds. */
    goneSince: (since: number): string[] =>
      database.all("select key from previews where gone_at >= ?", since).map((row) => String(row["key"])),

    /** That somebody lets a commit of a fork run; the same again changes nothing. */
    approve: (key: string, approval: { commit: string; by: string }, now: number): number =>
      database.run(
        "insert into approvals (preview, commit_id, approved_by, approved_at) values (?, ?, ?, ?) on conflict do nothing",
        key,
        approval.commit,
        approval.by,
        now,
      ),

    /** Writes a wish if nobody changed the row since it was read; answers whether it did. */
    put(preview: Preview): boolean {
      return (
        database.run(
          "update previews set spec = ?, gone_at = ?, revision = revision + 1 where key = ? and revision = ?",
          JSON.stringify(preview.spec),
          preview.goneAt,
          preview.key,
          preview.revision,
        ) === 1
      );
    },

    /** Somebody looked at it; no change of the wish. */
    visited: (key: string, now: number): number =>
      database.run("update previews set visited_at = ? where key = ?", now, key),

    isAnyToRun: (): boolean =>
      database.get(
        "select 1 from previews where gone_at is null and json_extract(spec, '$.wanted') = 'running' limit 1",
      ) !== undefined,

    /** Nothing of it is left on the engine, as of `generation`; a newer wish is not touched. */
    markGone: (key: string, generation: number, now: number): number =>
      database.run(
        `update previews set gone_at = ?, revision = revision + 1
         where key = ? and gone_at is null and json_extract(spec, '$.wanted') <> 'running' and json_extract(spec, '$.generation') = ?`,
        now,
        key,
        generation,
      ),
  };
}

function parse(row: Record<string, unknown> | undefined): Preview | null {
  if (!row) return null;
  return {
    key: row["key"] as string,
    slug: row["slug"] as string,
    repositoryId: row["repository_id"] as number,
    repository: row["repository"] as string,
    number: row["number"] as number,
    spec: JSON.parse(row["spec"] as string) as PreviewSpec,
    revision: row["revision"] as number,
    createdAt: row["created_at"] as number,
    goneAt: row["gone_at"] as number | null,
    visitedAt: row["visited_at"] as number | null,
    admittedAt: row["admitted_at"] as number | null,
    allowed: JSON.parse(row["allowed"] as string) as string[],
  };
}
