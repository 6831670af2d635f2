import type { ServerConfig } from "./config/server.ts";
import { type Deployment, type Preview, servingOf } from "./domain/preview.ts";
import { showServing } from "./reconcile/reconcile.ts";
import type { World } from "./reconcile/world.ts";

/** Routes what serves as it did before the restart. */
export async function routeAgain(preview: Preview, deployments: readonly Deployment[], world: World): Promise<void> {
  if (preview.goneAt !== null || preview.spec.wanted !== "running") return;
  const stack = servingOf(deployments)?.stack;
  if (!stack) return;
  await showServing(preview, stack, world).catch((error: unknown) =>
    world.log.warn({ preview: preview.key, err: error }, "not routed yet"),
  );
}

/** Repositories that the server file names one by one: their pull requests are found without any event. */
export function namedRepositories({ repositories }: ServerConfig): { name: string; id: null }[] {
  const names = Object.keys(repositories ?? {}).filter((name) => !name.endsWith("/*"));
  return names.map((name) => ({ name, id: null }));
}
