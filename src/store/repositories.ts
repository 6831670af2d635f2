import type { Heard } from "../domain/intent.ts";
import { repositorySlug } from "../domain/naming.ts";
import type { Repository } from "../domain/preview.ts";
import type { Database } from "./database.ts";

export type RepositoryStore = ReturnType<typeof createRepositoryStore>;

/** The repositories we heard of: what each is called now, and what was heard of it. */
export function createRepositoryStore(database: Database) {
  return {
    list: (): Repository[] => database.all("select id, name from repositories order by id") as Repository[],

    /**
     * The repository's row and slug. The slug is its name, fixed at first sight; a second owner's gets the owner's name
     * too. A rename keeps it.
     */
    ensure({ id, name }: Repository): { slug: string } {
      const known = database.get("select slug, name, deleted_at from repositories where id = ?", id);
      if (known) {
        if (known["name"] !== name || known["deleted_at"] !== null)
          database.run("update repositories set name = ?, deleted_at = null where id = ?", name, id);
        return { slug: known["slug"] as string };
      }
      const [owner = "", short = name] = name.split("/");
      const candidates = [repositorySlug(short), repositorySlug(`${short}-${owner}`), repositorySlug(`${short}-${id}`)];
      const free = candidates.find((slug) => !database.get("select 1 from repositories where slug = ?", slug));
      const slug = free ?? repositorySlug(`r${id}`);
      database.run("insert into repositories (id, name, slug) values (?, ?, ?)", id, name, slug);
      return { slug };
    },

    /** The forge said that it was deleted; answers the keys of its previews that are or may be there. */
    sayGone(id: number, now: number): string[] {
      database.run("update repositories set deleted_at = ? where id = ?", now, id);
      const rows = database.all("select key from previews where repository_id = ? and gone_at is null", id);
      return rows.map((row) => row["key"] as string);
    },

    isSaidGone: (id: number): boolean =>
      database.get("select 1 from repositories where id = ? and deleted_at is not null", id) !== undefined,

    heard(id: number): Heard | null {
      const heard = database.get("select heard from repositories where id = ?", id)?.["heard"];
      return typeof heard === "string" ? (JSON.parse(heard) as Heard) : null;
    },

    rememberHeard: (id: number, heard: Heard): number =>
      database.run("update repositories set heard = ? where id = ?", JSON.stringify(heard), id),
  };
}
