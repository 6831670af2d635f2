import type { Logger } from "pino";
import type { Preview } from "../domain/preview.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Clock, RandomId } from "../domain/time.ts";
import type { DataBranches, Snapshots, WholeVolumes } from "./data-ports.ts";
import type { Checks } from "./check-ports.ts";
import type { Turns } from "./turns.ts";
import type { Attempts, Builds, Checkout, Engine, Gateway, Rendered, Room, Source, Timeline, Wishes } from "./ports.ts";
import type { BuildContent, IgnoreOf } from "./prepare-builds.ts";

/** Everything a run needs, given once in `app.ts`. */
export type World = {
  wishes: Wishes;
  attempts: Attempts;
  timeline: Timeline;
  checks: Checks;
  volumes: WholeVolumes;
  source: Source;
  engine: Engine;
  builds: Builds;
  snapshots: Snapshots;
  branches: DataBranches;
  gateway: Gateway;
  turns: Turns;
  room: Room;
  /** What its resources are named by on the engine. */
  projectOf(preview: Pick<Preview, "slug">): string;
  /** Pure: a checkout's files → what should run. Throws InputError and PolicyError. */
  render(checkout: Checkout, preview: Preview): Promise<Rendered>;
  /** The tag of an image to build, from everything that goes in. */
  tagOf(preview: Preview, stack: StackSpec, build: StackSpec["builds"][number], content: BuildContent): string;
  ignoreOf: IgnoreOf;
  /** Says which data a source gives to a service: other rules or another database is other data, the next night's is not. */
  sourceKey(name: string, service: ServiceSpec | undefined): string;
  /** Reads the secrets that a stack names, and answers a keyed hash of each value. Throws InputError. */
  secretPrints(preview: Preview, stack: StackSpec): Promise<Readonly<Record<string, string>>>;
  /** How long an image that is named after its commit may take to be pushed. */
  imageWaitMs: number;
  clock: Clock;
  randomId: RandomId;
  log: Logger;
  /** Whether the preview may be up; takes a free place when it is its turn. */
  takePlace(key: string): boolean;
  /** Brings what serves to how much of it should run, in a queue of its own. */
  restSoon(key: string): void;
  /** Looks after its checks that nobody waits for, in a queue of its own. */
  followSoon(key: string): void;
  /** Nothing of a preview is left, or it waits no more: others move up. */
  placeFreed(): void;
  /** Something about this preview is new: tell people. */
  changed(key: string): void;
};
