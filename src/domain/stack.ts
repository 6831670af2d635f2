import type { DataChoice, DataRules, Migrations } from "./data.ts";
import type { CheckSpec } from "./check.ts";
import type { Place } from "./errors.ts";
import type { SeedSpec } from "./seed.ts";
import type { PageWish } from "./page-wish.ts";
import type { ServiceSpec, Ulimit } from "./service.ts";

/** A fork's code never meets secrets, nor caches that a team uses. */
export type Trust = "team" | "fork";

/** One image to build; several services may share it. Paths are relative to the repository's root, `.` for itself. */
export type BuildSpec = {
  /** Name inside the stack: the first service that uses it. */
  name: string;
  context: string;
  /** Path of the Dockerfile from the repository's root, or null when `inline` holds its text. */
  dockerfile: string | null;
  inline: string | null;
  target: string | null;
  args: Record<string, string>;
  /** What a step may mount as a secret: by the id that the Dockerfile says, the secret's name. */
  secrets: { id: string; secret: string }[];
  /** Further contexts of the Dockerfile, by the names it uses; none are told as nothing. */
  contexts?: NamedContext[];
  /** How its steps are run, where that is told. */
  settings?: BuildSettings;
  /** Our own tag, a hash of everything that goes in; empty until prepared (`naming.ts`, imageTag). */
  tag: string;
};

/** A path of the repository, an image to pull, or the image of another build of the stack. */
export type NamedContext = { name: string } & (
  | { kind: "path"; path: string }
  | { kind: "image"; reference: string }
  /** With the tag of that image once the stack is prepared. */
  | { kind: "build"; build: string; tag?: string }
);

export type BuildSettings = {
  /** Steps reach nothing. */
  offline?: true;
  /** Nothing is taken from the cache. */
  noCache?: true;
  /** Base images are asked for anew. */
  pull?: true;
  shmSizeBytes?: number;
  /** `HOST=ADDRESS`. */
  hosts?: string[];
  ulimits?: Ulimit[];
};

/** A network of the stack, by the user's own name (`default` included). */
export type NetworkSpec = { name: string; internal: boolean };

/** A named volume of a kept service, by the user's own name. */
export type VolumeSpec = {
  name: string;
  /** Of data that the manifest speaks of. */
  rules?: DataRules;
  /** What its rules find in the commit, from the moment the stack was prepared. */
  migrations?: Migrations;
  /** Which data of that name it has, from then on: another edition is another volume. */
  edition?: string;
  choice?: DataChoice;
};

/** Golden data: a kept service's volume after its seed ran and it stopped cleanly. Immutable, shared by previews. */
export type Snapshot = {
  /** Hash of everything that the data comes from (`plan/snapshots.ts`). */
  key: string;
  /** The volume's name on the engine. */
  volume: string;
  /** The seed's own hash, for people. */
  seed: string;
  /** Of the volume's root: a branch's must be the same, or the database refuses it. */
  root: { uid: number; gid: number; mode: number };
};

/** One thing that the stack's files volume holds. */
export type FileSpec = {
  /** Where it is in the volume; services mount it, or what lies in it. */
  path: string;
  /** A file or folder of the commit, a text of the Compose file, or an empty folder. */
  from: { kind: "repository"; path: string } | { kind: "text"; text: string } | { kind: "folder" };
  uid: number;
  gid: number;
  /** Null where git says it. */
  mode: number | null;
  /** Where the branch names it. */
  place: Place;
};

export type RouteSpec = {
  service: string;
  port: number;
  /** `shop-pr-42.preview.example.com`, without port. */
  host: string;
  /** Mounted under this path of the main host as well, or null. */
  path: string | null;
  /** Asked until it answers below 500 before the deployment is ready; null for the main page `/`. */
  health: string | null;
  main: boolean;
};

/** Everything one generation should run, self-contained: with it, sleep, wake and removal need neither git nor forge. */
export type StackSpec = {
  slug: string;
  project: string;
  generation: number;
  commit: string;
  trust: Trust;
  /** The generation whose `/reset` its data began with: another one means new data. */
  dataEpoch: number;
  services: ServiceSpec[];
  builds: BuildSpec[];
  networks: NetworkSpec[];
  volumes: VolumeSpec[];
  seeds: SeedSpec[];
  /** What services mount of the repository, and what they are given as configs and secrets of it. */
  files: FileSpec[];
  routes: RouteSpec[];
  readyTimeoutMs: number;
  /** What the main page has to answer; below 500 where nothing is said. */
  page?: PageWish;
  /** What is run against it before it takes over. */
  checks?: CheckSpec[];
  /** Paths of the repository of which it is made, folders with a slash at their end; null where every push changes it. */
  sources: string[] | null;
  /** Where the branch says what: `services.web.environment.PORT`, `routes.web` → `compose.yaml:14:7`. */
  places?: Readonly<Record<string, string>>;
  /**
   * What the names meant when it took over, known from then on: a tag that moves or an image that is pulled again must
   * not make other data of what serves.
   */
  resolved?: Resolved;
};

/** By service its image, by the user's volume name the engine's, by secret a keyed hash of its value. */
export type Resolved = {
  images: Record<string, ResolvedImage>;
  volumes: Record<string, string>;
  secrets?: Readonly<Record<string, string>>;
};

/** What each image of a stack is on this engine, by service. */
export type ResolvedImage = {
  /** `sha256:…`; containers run by it. */
  id: string;
  /** Ports the image exposes, ascending. */
  ports: number[];
  /** Paths the image declares as volumes. */
  volumes: string[];
};
