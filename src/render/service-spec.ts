import type { Dependency, Healthcheck, Limits, Mount, RestartPolicy, ServiceSpec } from "../domain/service.ts";
import type { Healthcheck as ComposeHealthcheck, Service } from "./compose-model.ts";
import { hostClock } from "./policy-mounts.ts";
import { longestGraceMs } from "./policy-service.ts";
import { parseTmpfs } from "./tmpfs.ts";

/** What the rest of the stack says of a service. */
export type Role = {
  image: ServiceSpec["image"];
  kept: boolean;
  job: boolean;
  /** Ports of routes, beside the service's own `ports` and `expose`. */
  routed: readonly number[];
  limits: Limits;
};

const conditions = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
} as const satisfies Record<string, Dependency["condition"]>;

/** Docker's own defaults (Dockerfile reference, HEALTHCHECK). */
const healthDefaults = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 };

/** One service as it should run. `model` has passed the policy. */
export function specifyService(name: string, model: Service, role: Role): ServiceSpec {
  return {
    name,
    image: role.image,
    kept: role.kept,
    job: role.job,
    command: model.command ?? null,
    entrypoint: model.entrypoint ?? null,
    environment: definedOnly(model.environment ?? {}),
    secrets: [], // given later, by `giveSecrets`
    secretFiles: [],
    user: model.user ?? null,
    workingDir: model.working_dir ?? null,
    hostname: model.hostname ?? null,
    healthcheck: specifyHealth(model.healthcheck),
    restart: specifyRestart(model.restart),
    stopSignal: model.stop_signal ?? null,
    stopGraceMs: model.stop_grace_period === undefined ? null : Math.min(model.stop_grace_period, longestGraceMs),
    init: model.init ?? false,
    readOnly: model.read_only ?? false,
    tty: model.tty ?? false,
    stdinOpen: model.stdin_open ?? false,
    shmSizeBytes: model.shm_size ?? null,
    capDrop: model.cap_drop ?? [],
    dependsOn: Object.entries(model.depends_on ?? {}).map(([service, { condition, required }]) => ({
      service,
      condition: conditions[condition],
      required,
    })),
    networks: specifyNetworks(model),
    mounts: specifyMounts(model),
    ports: promisedPorts(model, role.routed),
    limits: role.limits,
  };
}

/** The container ports that others are promised: routed, published and exposed ones, TCP only, ascending. */
function promisedPorts(model: Service, routed: readonly number[]): number[] {
  const published = (model.ports ?? []).filter((port) => port.protocol === "tcp").map((port) => port.target);
  const exposed = (model.expose ?? []).flatMap(exposedPorts);
  return [...new Set([...routed, ...published, ...exposed])].toSorted((a, b) => a - b);
}

function exposedPorts(said: string): number[] {
  const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/tcp)?$/.exec(said) ?? [];
  if (from === undefined) return [];
  const last = Math.min(Number(to ?? from), Number(from) + 100);
  return Array.from({ length: Math.max(0, last - Number(from) + 1) }, (_, index) => Number(from) + index);
}

/** Null values are variables that are set nowhere: `docker compose` leaves them out, too. */
function definedOnly(variables: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

function specifyHealth(health: ComposeHealthcheck | undefined): Healthcheck | "none" | null {
  if (!health) return null;
  if (health.disable === true || health.test?.[0] === "NONE") return "none";
  return {
    test: health.test ?? [],
    intervalMs: health.interval ?? healthDefaults.intervalMs,
    timeoutMs: health.timeout ?? healthDefaults.timeoutMs,
    retries: health.retries ?? healthDefaults.retries,
    startPeriodMs: health.start_period ?? healthDefaults.startPeriodMs,
    startIntervalMs: health.start_interval ?? null,
  };
}

function specifyRestart(restart: string | undefined): RestartPolicy {
  if (restart === "always" || restart === "unless-stopped") return restart;
  return restart?.startsWith("on-failure") ? "on-failure" : "no";
}

/** `container_name` lives on as an alias, since other services may call it. */
function specifyNetworks(model: Service): ServiceSpec["networks"] {
  const named = model.networks && Object.keys(model.networks).length > 0 ? model.networks : { default: null };
  const own = model.container_name === undefined ? [] : [model.container_name];
  return Object.entries(named)
    .map(([network, settings]) => ({ network, aliases: [...new Set([...(settings?.aliases ?? []), ...own])] }))
    .toSorted((a, b) => (a.network < b.network ? -1 : 1));
}

function specifyMounts(model: Service): Mount[] {
  const volumes = (model.volumes ?? []).flatMap((mount): Mount[] => {
    const { target, source } = mount;
    if (mount.type === "tmpfs") return [{ kind: "tmpfs", target, sizeBytes: mount.tmpfs?.size ?? null }];
    if (mount.type === "bind" && hostClock.includes(source ?? "")) return [];
    if (source === undefined || source === "") return [{ kind: "anonymous", target }];
    return [{ kind: "volume", volume: source, target, readOnly: mount.read_only ?? false }];
  });
  const tmpfs = (model.tmpfs ?? []).flatMap((text): Mount[] => {
    const parsed = parseTmpfs(text);
    return parsed ? [{ kind: "tmpfs", target: parsed.target, sizeBytes: parsed.sizeBytes }] : [];
  });
  return [...volumes, ...tmpfs];
}
