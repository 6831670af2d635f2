import type { ImageUse } from "../domain/spare-images.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Database } from "./database.ts";

/** Which images are ours to remove, and what they were used for. */
export function createImageStore(database: Database) {
  return {
    pulled: (): { name: string; pulledAt: number }[] =>
      database
        .all("select name, pulled_at as pulledAt from pulled_images order by name")
        .map((row) => row as { name: string; pulledAt: number }),

    rememberPulled: (name: string, now: number): void =>
      void database.run(
        "insert into pulled_images (name, pulled_at) values (?, ?) on conflict (name) do update set pulled_at = excluded.pulled_at",
        name,
        now,
      ),

    forgetPulled: (name: string): void => void database.run("delete from pulled_images where name = ?", name),

    /** Every deployment's; live are those that serve or are under way, of previews that are not gone. */
    uses: (): ImageUse[] =>
      database
        .all(
          `select deployments.stack, max(deployments.started_at, coalesce(deployments.ready_at, 0)) as at,
             previews.gone_at is null and deployments.phase in ('pending', 'building', 'starting', 'ready') as live
           from deployments join previews on previews.key = deployments.preview where deployments.stack is not null`,
        )
        .map((row) => ({
          images: imagesOf(JSON.parse(row["stack"] as string) as StackSpec),
          at: row["at"] as number,
          isLive: row["live"] === 1,
        })),
  };
}

function imagesOf({ resolved, builds, services }: StackSpec): string[] {
  return [
    ...Object.values(resolved?.images ?? {}).map(({ id }) => id),
    ...builds.map(({ tag }) => tag),
    ...services.flatMap(({ image }) => (image.kind === "pull" ? [image.reference] : [])),
  ];
}
