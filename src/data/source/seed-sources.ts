import { databaseOf } from "../../domain/database.ts";
import { EngineError, type Failure } from "../../domain/errors.ts";
import type { SeedSpec } from "../../domain/seed.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import type { EditionUse } from "../../domain/snapshot.ts";
import { type EditionWish, type Source, wishEdition } from "../../domain/source.ts";
import { describeFailure } from "../../domain/errors.ts";
import type { Subscriber } from "../../engine/jobs.ts";
import type { SeedFile } from "../seed/tool.ts";
import type { Editions } from "./editions.ts";

/** Where the data stands that a seed's sources give: `isNews` as with snapshots. */
export type SourcesOutcome =
  | { state: "ready"; isNews: boolean }
  | { state: "building"; isNews: boolean }
  | { state: "failed"; failure: Failure };

type Seed = Pick<SeedSpec, "parts">;
type Service = Pick<ServiceSpec, "name" | "image" | "environment" | "command">;

/** The sources that seeds name, for whom loads them. */
export type SeedSources = Pick<Editions, "release"> & {
  /** Asks for the editions that a seed is loaded from. */
  request(seed: Seed, service: Service, subscriber: Subscriber): Promise<SourcesOutcome>;
  /** Whether it is being made or loaded just now, by the name of its volume. */
  isInUse(volume: string): boolean;
  isEdition(volume: string): boolean;
  /** One of them as a file, to be loaded once. Throws EngineError. */
  open(
    name: string,
    service: Service,
    signal: AbortSignal,
  ): Promise<SeedFile & AsyncDisposable & { isMasked: boolean; edition: EditionUse }>;
};

/** Finds for each name the edition that fits the service. */
export function createSeedSources(sources: readonly Source[], editions: Editions): SeedSources {
  return {
    release: editions.release,
    isInUse: editions.isInUse,
    isEdition: editions.isEdition,
    async request({ parts }, service, subscriber) {
      const outcomes = await Promise.all(
        parts.flatMap((part) => (part.kind === "source" ? [requestOne(part.name, service, subscriber)] : [])),
      );
      const isNews = outcomes.some((outcome) => outcome.state !== "failed" && outcome.isNews);
      const failed = outcomes.find((outcome) => outcome.state === "failed");
      if (failed) return failed;
      return { state: outcomes.some(({ state }) => state === "building") ? "building" : "ready", isNews };
    },
    async open(name, service, signal) {
      const wish = wishOf(name, service);
      const edition = await editions.find(wish.key);
      if (edition === null)
        throw new EngineError("source-failed", `the source ${name} was not read yet`, { retry: "backoff" });
      const { key, volume, facts } = edition;
      const opened = await editions.open(edition, signal);
      return {
        name: `source ${name}`,
        head: Buffer.from(facts.form === "dump" ? "PGDMP" : "--"),
        content: opened.content,
        isMasked: wish.rules !== null,
        edition: { key, volume },
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    },
  };

  async function requestOne(name: string, service: Service, subscriber: Subscriber): Promise<SourcesOutcome> {
    try {
      return await editions.request(wishOf(name, service), subscriber);
    } catch (error) {
      if (error instanceof EngineError && error.code === "source-failed")
        return { state: "failed", failure: describeFailure(error) };
      throw error;
    }
  }

  function wishOf(name: string, service: Service): EditionWish {
    const source = sources.find((each) => each.name === name);
    if (source === undefined) throw new EngineError("source-failed", `server.yaml names no source ${name} any more`);
    const wish = wishEdition(source, service);
    if (wish !== null) {
      refuseOther(source, service);
      return wish;
    }
    const image = service.image.kind === "pull" ? service.image.reference : "an image that the branch builds";
    throw new EngineError(
      "source-failed",
      `the source ${name} is to be masked, and nobody says in which database: ${service.name} runs ${image}`,
      {
        hint: `The operator names an image: sources: { ${name}: { image: postgres:17 } }. Of official images by name it is the service's own.`,
      },
    );
  }
}

/** What one database dumps another one does not read. */
function refuseOther({ name, mask, image }: Source, service: Service): void {
  if (mask === null || image === null) return;
  const given = databaseOf({ image: { kind: "pull", reference: image }, environment: {}, command: null });
  const taken = databaseOf(service);
  if (given === null || taken === null || given === taken) return;
  throw new EngineError("source-failed", `the source ${name} is masked in ${image}, and ${service.name} is ${taken}`, {
    hint: "A source is for one kind of database: name it under a service of that kind.",
  });
}
