import type { Place } from "./errors.ts";

/** How an image comes to be: pulled by name, or built from the branch under our own tag. */
export type ImageSpec =
  /** `place`: where the branch names it. */
  { kind: "pull"; reference: string; place?: Place } | { kind: "build"; build: string };

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
