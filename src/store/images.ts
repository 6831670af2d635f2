import { runnersOf } from "../domain/check.ts";
import { type ImageUse, neededOf } from "../domain/spare-images.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Database } from "./database.ts";
import type { createDeploymentStore } from "./deployments.ts";

/** Which images are ours to remove, and what they were used for. */
export function createImageStore(
  database: Database,
  deployments: Pick<ReturnType<typeof createDeploymentStore>, "of">,
) {
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

    /** Every deployment's. */
    uses: (): ImageUse[] =>
      database.all("select key, gone_at is null as live from previews").flatMap((preview) => {
        const all = deployments.of(preview["key"] as string);
        const needed = preview["live"] === 1 ? neededOf(all) : [];
        return all.flatMap((each) => {
          const { stack, startedAt, readyAt } = each;
          if (stack === null) return [];
          return [{ images: imagesOf(stack), at: Math.max(startedAt, readyAt ?? 0), isLive: needed.includes(each) }];
        });
      }),
  };
}

function imagesOf(stack: StackSpec): string[] {
  return [
    ...Object.values(stack.resolved?.images ?? {}).map(({ id }) => id),
    ...stack.builds.map(({ tag }) => tag),
    ...runnersOf(stack).flatMap(({ image }) => (image.kind === "pull" ? [image.reference] : [])),
  ];
}
