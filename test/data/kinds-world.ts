import type { SeedForm, SeedPart } from "../../src/domain/seed.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import type { SnapshotWish } from "../../src/domain/snapshot.ts";
import type { ResolvedImage } from "../../src/domain/stack.ts";
import { execute } from "../../src/engine/exec.ts";
import { wishSnapshots } from "../../src/plan/snapshots.ts";
import { eventually } from "../support/eventually.ts";
import { shop } from "../support/stack.ts";
import { commitOf } from "./commit.ts";
import { ownedByTeam, type World } from "./world.ts";

type Files = Record<string, string | Buffer>;

let contents = 0;

export const volume = (name: string, target: string) => ({
  kind: "volume" as const,
  volume: name,
  target,
  readOnly: false,
});
export const file = (path: string, form: SeedForm): SeedPart => ({ kind: "file", path, form });
export const run = (of: string, ...command: string[]): SeedPart => ({ kind: "run", service: of, command });

/** The wish for a snapshot of that seed, as the loop would make it. */
export async function wishOf(
  world: World,
  its: ServiceSpec,
  parts: SeedPart[],
  others: readonly ServiceSpec[] = [],
): Promise<SnapshotWish> {
  const volumes = its.mounts.flatMap((mount) => (mount.kind === "volume" ? [mount.volume] : []));
  const seed = { service: its.name, volume: volumes[0]!, parts, content: `c${++contents}` };
  const services = [its, ...others.filter(({ name }) => name !== its.name)];
  const found = services.map(async (each) => [each.name, await imageOf(world, each)] as const);
  const stack = { ...shop(1), services, volumes: volumes.map((name) => ({ name })), seeds: [seed] };
  const state = { containers: [], networks: [], volumes: [] };
  const images = Object.fromEntries(await Promise.all(found));
  const [wish] = wishSnapshots({ stack, state, images, whole: new Set() }, { repositoryId: 7 });
  if (wish === undefined) throw new Error("it is seeded where it runs");
  return wish;
}

async function imageOf(world: World, { image }: ServiceSpec): Promise<ResolvedImage> {
  const { Id, Config } = await world.docker.getImage(image.kind === "pull" ? image.reference : "").inspect();
  return { id: Id, ports: [], volumes: Object.keys(Config.Volumes ?? {}) };
}

/** Builds it, and answers how that ended. */
export function ask(world: World, wish: SnapshotWish, files: Files) {
  const request = { owner: ownedByTeam, open: async () => commitOf(files) };
  return eventually(
    async () => {
      const outcome = await world.jobs.request(wish, { preview: "7-1", generation: 1 }, request);
      if (outcome.state === "building") throw new Error("it is being built");
      return outcome;
    },
    { timeoutMs: 240_000, everyMs: 100 },
  );
}

/** Why it was not built; the outcome where it was. */
export async function failureOf(world: World, wish: SnapshotWish, files: Files) {
  const outcome = await ask(world, wish, files);
  return outcome.state === "failed" ? outcome.failure : outcome;
}

/** What a script prints in its service, started on the snapshot. */
export async function printed(
  world: World,
  { its, wish, files }: { its: ServiceSpec; wish: SnapshotWish; files: Files },
  script: string,
): Promise<string> {
  const outcome = await ask(world, wish, files);
  if (outcome.state !== "ready") throw new Error(JSON.stringify(outcome));
  const { target } = its.mounts[0] as { target: string };
  const container = await world.docker.createContainer({
    Image: wish.imageId,
    Labels: { "dev.mayfly.server": world.server },
    ...(its.command && { Cmd: its.command }),
    Env: Object.entries(its.environment).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      NetworkMode: "none",
      Mounts: [{ Type: "volume", Source: outcome.snapshot.volume, Target: target }] as never,
    },
  });
  try {
    await container.start();
    return await eventually(
      async () => {
        const signal = AbortSignal.timeout(20_000);
        const { exitCode, lines } = await execute(world.host, container.id, { command: ["sh", "-c", script], signal });
        if (exitCode !== 0) throw new Error(lines.join("\n"));
        return lines.join("\n");
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
  } finally {
    await container.remove({ force: true, v: true });
  }
}
