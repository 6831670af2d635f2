import type { Dependency, Limits, ServiceSpec } from "../domain/service.ts";
import type { Service } from "./compose-model.ts";
import { longestGraceMs } from "./policy-service.ts";
import { specifyHealth, specifyRestart } from "./service-end.ts";
import { specifyMounts } from "./service-mounts.ts";
import { promisedPorts, specifyNetworks, specifyResolver } from "./service-network.ts";
import { specifyProcess, withinLimits } from "./service-process.ts";

/** What the rest of the stack says of a service. */
export type Role = {
  image: ServiceSpec["image"];
  kept: boolean;
  job: boolean;
  /** Ports of routes, beside the service's own `ports` and `expose`. */
  routed: readonly number[];
  /** What others call it by their `links`, by network. */
  links: ReadonlyMap<string, readonly string[]>;
  limits: Limits;
};

const conditions = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
} as const satisfies Record<string, Dependency["condition"]>;

/** One service as it should run. `model` has passed the policy. */
export function specifyService(name: string, model: Service, role: Role): ServiceSpec {
  const resolver = specifyResolver(model);
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
    ...specifyRestart(model),
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
    networks: specifyNetworks(model, role.links),
    mounts: specifyMounts(model),
    ports: promisedPorts(model, role.routed),
    limits: withinLimits(model, role.limits),
    ...specifyProcess(model),
    ...(resolver && { resolver }),
  };
}

/** Null values are variables that are set nowhere: `docker compose` leaves them out, too. */
function definedOnly(variables: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}
