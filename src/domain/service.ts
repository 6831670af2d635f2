import type { Place } from "./errors.ts";

/** How an image comes to be: pulled by name, or built from the branch under our own tag. */
export type ImageSpec =
  /** `place`: where the branch names it. */
  { kind: "pull"; reference: string; place?: Place } | { kind: "build"; build: string };

/** What is null or empty is left to the image, and then to the engine. */
export type Healthcheck = {
  /** As the engine takes it: `["CMD", …]` or `["CMD-SHELL", text]`. */
  test: string[];
  intervalMs: number | null;
  timeoutMs: number | null;
  retries: number | null;
  startPeriodMs: number | null;
  startIntervalMs: number | null;
};

export type Condition = "started" | "healthy" | "completed";

export type Dependency = { service: string; condition: Condition; required: boolean };

export type Mount =
  | ({ kind: "volume"; volume: string; target: string; readOnly: boolean } & VolumeUse)
  | ({ kind: "anonymous"; target: string } & Pick<VolumeUse, "noCopy">)
  /** `options` as the engine takes them, beside the size: `mode=1777`. */
  | { kind: "tmpfs"; target: string; sizeBytes: number | null; options?: string[] }
  /** Something of the stack's files volume, a file or a folder; `content` is a hash of it, from the moment the stack was prepared. */
  | { kind: "files"; path: string; target: string; readOnly: boolean; content?: string };

type VolumeUse = {
  /** An empty volume is not filled with what the image has there. */
  noCopy?: boolean;
  /** Only this folder of the volume is mounted. */
  subpath?: string;
};

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

/** Per container; the first three are always set. */
export type Limits = {
  cpus: number;
  memoryBytes: number;
  pids: number;
  /** Its weight where CPU time is short; 1024 is usual, and the most. */
  cpuShares?: number;
  /** What the kernel tries to leave it where memory is short. */
  reservedBytes?: number;
};

/** How names are resolved in a container, beside the engine's own server (Compose: `extra_hosts`, `dns`, `dns_search`, `dns_opt`). */
export type Resolver = {
  /** `name:address`. */
  hosts: string[];
  servers: string[];
  search: string[];
  options: string[];
};

/** -1 is without limit. */
export type Ulimit = { name: string; soft: number; hard: number };

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
  /** Variables of the image that are taken away: named in the file, and set nowhere. */
  unset?: string[];
  /** Names of the secrets it is given, sorted: no mark of another name is ever filled. */
  secrets: string[];
  secretFiles: SecretFile[];
  user: string | null;
  workingDir: string | null;
  hostname: string | null;
  domainname?: string;
  groups?: string[];
  healthcheck: Healthcheck | "none" | null;
  restart: RestartPolicy;
  /** How often `on-failure` starts it again; without end when left out. */
  restartTries?: number;
  stopSignal: string | null;
  stopGraceMs: number | null;
  init: boolean;
  readOnly: boolean;
  tty: boolean;
  stdinOpen: boolean;
  shmSizeBytes: number | null;
  capDrop: string[];
  /** Of those that a preview may have (`policy`), without `CAP_`. */
  capAdd?: string[];
  ulimits?: Ulimit[];
  sysctls?: Record<string, string>;
  /** 0 to 1000: how soon it is ended where memory is short. */
  oomScoreAdj?: number;
  resolver?: Resolver;
  dependsOn: Dependency[];
  /** The one it lives in first; none at all for `network_mode: none`. Aliases without the service's own name, which is always one. */
  networks: { network: string; aliases: string[] }[];
  mounts: Mount[];
  /** Container ports that others are promised (routes, `ports`, `expose`): they must accept TCP before it is ready. */
  ports: number[];
  limits: Limits;
};
