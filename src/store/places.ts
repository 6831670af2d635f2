import type { Standing } from "../domain/admission.ts";
import type { Database } from "./database.ts";

const ofPreview = "from deployments where preview = previews.key";
/** The generation that failed, where nothing serves and nothing newer was begun; else null. */
const failedIn = `(select case when not exists (select 1 ${ofPreview} and phase = 'ready') then
  (select case phase when 'failed' then generation end ${ofPreview} order by generation desc limit 1) end)`;
/** Since when a place is wanted: with a failure that left nothing up it was given back. */
const since = `max(json_extract(spec, '$.wantedSince'), coalesce(
  (select ended_at ${ofPreview} and generation = ${failedIn}), 0))`;

/** What serves is stopped, and nothing newer of it is on its way up. */
const isStopped = `(json_extract(spec, '$.rest.level') is 'stopped'
  and json_extract(spec, '$.rest.generation') is (select max(generation) ${ofPreview} and phase = 'ready')
  and not exists (select 1 ${ofPreview} and phase in ('pending', 'building', 'starting')))`;

/** Who holds one of the places that there are, and who waits for one. */
export function createPlaceStore(database: Database) {
  return {
    /** Of every preview that is not gone. */
    live: (): Standing[] =>
      database
        .all(
          `select key, repository_id as repositoryId, admitted_at as admittedAt,
             json_extract(spec, '$.wanted') = 'running' as wanted, ${since} as wantedSince,
             ${failedIn} is json_extract(spec, '$.generation') as rests, ${isStopped} as stopped
           from previews where gone_at is null`,
        )
        .map((row) => ({
          ...(row as Standing),
          wanted: row["wanted"] === 1,
          rests: row["rests"] === 1,
          stopped: row["stopped"] === 1,
        })),

    /** When each repository was last given a place, to previews that are gone too. */
    lastAdmitted: (): Map<number, number> =>
      new Map(
        database
          .all(
            "select repository_id as id, max(admitted_at) as at from previews where admitted_at is not null group by 1",
          )
          .map((row) => [row["id"] as number, row["at"] as number]),
      ),

    /** Gives places to these, in this order; no change of the wish. */
    admit(keys: readonly string[], now: number): void {
      // After the wish and after every earlier one, also where the clock was set back: their order is all that counts.
      for (const key of keys)
        database.run(
          `update previews set admitted_at = max(?, ${since},
             (select coalesce(max(admitted_at), 0) + 1 from previews)) where key = ?`,
          now,
          key,
        );
    },
  };
}
