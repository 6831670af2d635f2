import { editionLabels } from "../../domain/labels.ts";
import type { EditionFacts, EditionWish, Source } from "../../domain/source.ts";
import { anchorImage } from "../../engine/anchor-image.ts";
import { allow } from "../../engine/docker.ts";
import { createHolder } from "../../engine/holder.ts";
import { ownedBy } from "../../engine/ownership.ts";
import type { DataHost } from "../data-host.ts";
import { ensureVolume } from "../data-volume.ts";
import { maskInto, type MaskingGround } from "./masked.ts";
import { partsPlace, readParts, writeParts } from "./parts.ts";
import { readSource, type SourcePlace } from "./read-source.ts";
import { recognize } from "./recognize.ts";

/** What is to be made, where its command runs, and the name of its volume. */
export type EditionMaking = {
  source: Source;
  wish: EditionWish;
  volume: string;
  place: SourcePlace;
  /** Needed where it is masked. */
  ground: MaskingGround | null;
};

/**
 * Fills a new volume with what a source gives. Nothing of a branch takes part in it, and no program that it reaches.
 * Whatever goes wrong, nothing is left. Throws EngineError `source-failed`.
 */
export async function makeEdition(host: DataHost, making: EditionMaking, signal: AbortSignal): Promise<EditionFacts> {
  const { docker, server } = host;
  const { source, wish, volume, place, ground } = making;
  const owner = { server, key: wish.key };
  try {
    await ensureVolume(docker, { name: volume, labels: editionLabels(owner, "snapshot") });
    const dump = await recognize(source.name, readSource(source, place, signal), source.mostBytes);
    await using held = await hold(host, { volume, key: wish.key }, { signal, purpose: "write" });
    if (ground !== null) return await maskInto(host, { ...making, ground, held }, dump);
    const bytes = await writeParts(held, dump.content);
    return { form: dump.form, bytes, coverage: [], searched: 0 };
  } catch (error) {
    await discardEdition(host, volume);
    signal.throwIfAborted();
    throw error;
  }
}

/** An edition as it is loaded: to be read once, and let go of. Throws EngineError. */
export async function openEdition(
  host: DataHost,
  edition: { volume: string; key: string },
  signal: AbortSignal,
): Promise<AsyncDisposable & { content: AsyncIterable<Buffer> }> {
  const held = await hold(host, edition, { signal, purpose: host.randomId(8) });
  return { content: readParts(held), [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

/** Removes an edition and whatever was made on the way to it; gone already is success. */
export async function discardEdition({ docker, server }: DataHost, volume: string): Promise<void> {
  const filters = ownedBy(server);
  const isOf = (name: string) => name === volume || name.startsWith(`${volume}.`);
  for (const { Id, Names } of await docker.listContainers({ all: true, filters }))
    if (isOf((Names[0] ?? "").slice(1)))
      await allow(docker.getContainer(Id).remove({ force: true, v: true }), 404, 409);
  const { Volumes: volumes } = await docker.listVolumes({ filters });
  // In use still: the next sweep takes it.
  for (const { Name } of volumes) if (isOf(Name)) await allow(docker.getVolume(Name).remove(), 404, 409);
}

type Holding = { signal: AbortSignal; purpose: string };

/** A container that never runs, by which the engine writes and reads the volume. */
async function hold(
  host: DataHost,
  { volume, key }: { volume: string; key: string },
  { signal, purpose }: Holding,
): Promise<AsyncDisposable & { docker: DataHost["docker"]; container: string; signal: AbortSignal }> {
  const { docker, server } = host;
  const container = `${volume}.${purpose}`;
  const image = await anchorImage(host);
  signal.throwIfAborted();
  const labels = editionLabels({ server, key }, "helper");
  await createHolder(docker, { name: container, image, labels, volumes: { [volume]: partsPlace } });
  return {
    docker,
    container,
    signal,
    [Symbol.asyncDispose]: async () => {
      await allow(docker.getContainer(container).remove({ force: true, v: true }), 404, 409);
    },
  };
}
