import {
  type DataRules,
  type Migrations,
  type RetiredVolume,
  retiredTogether,
  type VolumeFacts,
} from "../domain/data.ts";
import type { Preview } from "../domain/preview.ts";
import type { StackSpec, VolumeSpec } from "../domain/stack.ts";
import { InputError } from "../domain/errors.ts";
import { specHash } from "../domain/spec-hash.ts";
import { chooseData, type DataQuestion } from "../plan/data-choice.ts";
import { volumesOf } from "../plan/identity.ts";
import type { Checkout } from "./ports.ts";
import type { World } from "./world.ts";

const mostMigrations = 5000;

type Input = {
  preview: Preview;
  /** Rendered, with the content of its seeds; or as it was stored. */
  stack: StackSpec;
  serving: StackSpec | null;
  /** Null for what runs again: whatever it was made of, it goes on with the data that there is. */
  checkout: Pick<Checkout, "blobs"> | null;
};

/** Chooses which data each volume of a candidate has: that of what serves, other data, or what was replaced before. */
export async function chooseVolumes(input: Input, world: Pick<World, "volumes" | "attempts">): Promise<VolumeSpec[]> {
  const { stack, preview, checkout } = input;
  const facts = world.volumes.factsOf(preview.key);
  // One that a push overtook is due in the next attempt, and is tried there.
  const since = preview.spec.restore?.generation ?? Infinity;
  const isTried = world.attempts
    .of(preview.key)
    .some(({ generation, phase }) => generation >= since && phase === "failed");
  const restored = isTried ? [] : restoredBy(input, world.volumes.retiredOf(preview.key));
  return await Promise.all(
    stack.volumes.map(async ({ name, rules, migrations: stored = {} }) => {
      const migrations =
        checkout === null || !rules?.migrations.length ? stored : await readMigrations(rules, checkout);
      const restore = restored.find((each) => each.volume === name) ?? null;
      const wished = { ...input, isAgain: checkout === null, restore, migrations };
      return choose({ name, ...(rules && { rules, migrations }) }, wished, facts);
    }),
  );
}

/** The same of a candidate as it is stored, where it would have other data: by what was written to it since. */
export function chooseAgain(input: Omit<Input, "checkout">, world: Pick<World, "volumes">): VolumeSpec[] {
  const facts = world.volumes.factsOf(input.preview.key);
  const isAgain = Boolean(input.preview.spec.rollback);
  return input.stack.volumes.map((volume) => {
    if (volume.choice?.kind !== "re-branch") return volume;
    const { choice: _choice, edition: _edition, ...made } = volume;
    return choose(made, { ...input, isAgain, restore: null, migrations: volume.migrations ?? {} }, facts);
  });
}

/** Each is compared with what each volume has seen, and stored with each deployment. Throws InputError `invalid-value`. */
async function readMigrations(
  { service, migrations: patterns, place }: DataRules,
  checkout: Pick<Checkout, "blobs">,
): Promise<Migrations> {
  const found = await checkout.blobs(patterns);
  const count = Object.keys(found).length;
  if (count <= mostMigrations) return found;
  const what = `data.${service}.migrations means ${count} files of this commit; ${mostMigrations} may be`;
  const hint = "Name the files that change the data, such as db/migrations/*.sql.";
  throw new InputError("invalid-value", what, { ...(place && { place }), hint });
}

type Wished = Omit<Input, "checkout"> & { isAgain: boolean; restore: RetiredVolume | null; migrations: Migrations };

function choose(volume: VolumeSpec, wished: Wished, facts: Readonly<Record<string, VolumeFacts>>): VolumeSpec {
  const { serving, restore } = wished;
  const served = serving?.resolved?.volumes[volume.name];
  const before = serving?.volumes.find(({ name }) => name === volume.name);
  const anew = { ...volume, edition: newEdition(volume, wished) };
  if (serving === null || served === undefined) return anew;
  const choice = chooseData(questionOf(volume, wished, facts[served]));
  if (choice.kind === "re-branch") return { ...anew, choice };
  const edition = choice.kind === "restore" ? restore?.edition : before?.edition;
  return { ...volume, choice, ...(edition != null && { edition }) };
}

function questionOf(volume: VolumeSpec, wished: Wished, facts: VolumeFacts | undefined): DataQuestion {
  const { stack, serving, isAgain, restore, migrations } = wished;
  const { migrations: patterns = [], changed = "keep" } = volume.rules ?? {};
  const seedIn = (of: StackSpec | null) => of?.seeds.find((each) => each.volume === volume.name)?.content ?? null;
  return {
    restore,
    reset: stack.dataEpoch !== serving?.dataEpoch,
    changed,
    image: { was: imageOf(serving, volume.name), is: imageOf(stack, volume.name) },
    seed: { was: facts?.seed ?? null, is: isAgain ? null : seedIn(stack) },
    migrations,
    // What the manifest does not speak of any more is nobody's concern.
    seen: isAgain ? migrations : patterns.length > 0 ? (facts?.seen ?? {}) : {},
    written: facts === undefined ? "unknown" : facts.written ? "yes" : facts.mark === null ? "unknown" : "no",
  };
}

function imageOf(stack: StackSpec | null, volume: string): string | null {
  const owner = stack?.services.find((service) => service.image.kind === "pull" && volumesOf(service).includes(volume));
  return owner?.image.kind === "pull" ? owner.image.reference : null;
}

/** Two attempts over the same that serves and made of the same share what the first one began. */
function newEdition({ name }: VolumeSpec, { stack, serving, migrations }: Wished): string {
  const seed = stack.seeds.find(({ volume }) => volume === name)?.content ?? null;
  const made = { after: serving?.generation ?? 0, resets: stack.dataEpoch, seed, migrations };
  return specHash(made).slice(0, 12);
}

/** What `/restore` means, while it is due: until it serves, or an attempt at it failed. Throws InputError. */
function restoredBy({ preview, stack, serving }: Input, retired: readonly RetiredVolume[]): RetiredVolume[] {
  const { restore } = preview.spec;
  if (restore === null || serving === null || serving.generation >= restore.generation) return [];
  const together = retiredTogether(retired, restore.id);
  for (const { volume, image } of together) {
    const now = imageOf(stack, volume);
    if (image === now) continue;
    const what = `the data of before cannot come back: ${image ?? "a build"} made it, and the service runs ${now ?? "a build"}`;
    throw new InputError("nothing-changed", what, { hint: "Push the image that it was made by, and say /restore." });
  }
  return together;
}
