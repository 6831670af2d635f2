import type { Place } from "./errors.ts";

/** A fork's code never meets secrets, nor caches that a team uses. */
export type Trust = "team" | "fork";

/** How an image comes to be: pulled by name, or built from the branch under our own tag. */
export type ImageSpec =
  /** `place`: where the branch names it. */
  { kind: "pull"; reference: string; place?: Place } | { kind: "build"; build: string };

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
  /** Our own tag, a hash of everything that goes in; empty until prepared (`naming.ts`, imageTag). */
  tag: string;
};

export type Healthcheck = {
  /** As the engine takes it: `["CMD", …]` or `["CMD-SHELL", text]`. */
  test: string[];
  intervalMs: number;
  timeoutMs: number;
  retries: number;
  startPeriodMs: number;
  /** Null when Compose gives none. */
  startIntervalMs: number | null;
};

export type Condition = "started" | "healthy" | "completed";
export type Dependency = { service: string; condition: Condition; required: boolean };

export type Mount =
  | { kind: "volume"; volume: string; target: string; readOnly: boolean }
  | { kind: "anonymous"; target: string }
  | { kind: "tmpfs"; target: string; sizeBytes: number | null };

/** A secret as a file in `/run/secrets`, in the form that the service sees. */
export type SecretFile = {
  secret: string;
  /** Its name in that folder. */
  file: string;
  uid: number;
  gid: number;
  mode: number;
};

export type RestartPolicy = "no" | "always" | "on-failure" | "unless-stopped";

/** Per container; always set. */
export type Limits = { cpus: number; memoryBytes: number; pids: number };

/** What should run for one service. Nothing in it names a generation, so that an unchanged service stays equal. */
export type ServiceSpec = {
  name: string;
  image: ImageSpec;
  /** Its data outlives a generation: joined to new networks, never replaced while unchanged. */
  kept: boolean;
  /** Ends by itself: exit 0 is completed, and it is not run again. */
  job: boolean;
  command: string[] | null;
  entrypoint: string[] | null;
  /** Secrets stand here by their marks (`secret-mark.ts`). */
  environment: Record<string, string>;
  /** Names of the secrets it is given, sorted: no mark of another name is ever filled. */
  secrets: string[];
  secretFiles: SecretFile[];
  user: string | null;
  workingDir: string | null;
  hostname: string | null;
  healthcheck: Healthcheck | "none" | null;
  restart: RestartPolicy;
  stopSignal: string | null;
  stopGraceMs: number | null;
  init: boolean;
  readOnly: boolean;
  tty: boolean;
  stdinOpen: boolean;
  shmSizeBytes: number | null;
  capDrop: string[];
  dependsOn: Dependency[];
  /** Sorted by network; aliases without the service's own name, which is always one. */
  networks: { network: string; aliases: string[] }[];
  mounts: Mount[];
  /** Container ports that others are promised (routes, `ports`, `expose`): they must accept TCP before it is ready. */
  ports: number[];
  limits: Limits;
};

/** A network of the stack, by the user's own name (`default` included). */
export type NetworkSpec = { name: string; internal: boolean };

/** A named volume of a kept service, by the user's own name. */
export type VolumeSpec = { name: string };

/** Files of the repository loaded into a kept service's volume once, in order, before anything that depends on it starts. */
export type SeedSpec = {
  service: string;
  volume: string;
  files: string[];
  /** Hash of what is in the files, from the moment the stack was prepared. */
  content?: string;
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
  /** Counts resets: part of every data key, so that `/reset` means new volumes. */
  dataEpoch: number;
  services: ServiceSpec[];
  builds: BuildSpec[];
  networks: NetworkSpec[];
  volumes: VolumeSpec[];
  seeds: SeedSpec[];
  routes: RouteSpec[];
  readyTimeoutMs: number;
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

export type ContainerState = "created" | "running" | "paused" | "restarting" | "exited" | "dead" | "removing";

export type ObservedContainer = {
  id: string;
  name: string;
  service: string;
  /** The generation that created it. */
  generation: number;
  specHash: string;
  state: ContainerState;
  exitCode: number | null;
  oomKilled: boolean;
  restartCount: number;
  /** How long it ran before it ended, in milliseconds; null while it runs. */
  ranMs: number | null;
  /** Network name on the engine → address in it (empty when stopped). */
  addresses: Record<string, string>;
  /** Volume names on the engine that it mounts. */
  volumes: string[];
};

export type ObservedNetwork = {
  name: string;
  kind: "home" | "network";
  generation: number;
  network: string;
  subnet: string;
};

/** What is known of a preview's data branch: the seed it holds, and how long branching took. */
export type VolumeBranch = { seed: string; tookMs: number };

export type ObservedVolume = {
  name: string;
  volume: string;
  dataKey: string;
  createdAt: number;
  /** The snapshot's volume that lies under it; only a copy-on-write branch has one. */
  snapshot?: string;
};

/** What the engine says is there for one preview: parsed once, no decisions. */
export type StackState = {
  containers: ObservedContainer[];
  networks: ObservedNetwork[];
  volumes: ObservedVolume[];
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
