import type { Dependency, Limits, ServiceSpec } from "../../domain/service.ts";
import type { Service } from "../compose-model.ts";
import { longestGraceMs } from "../policy/policy-service.ts";
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
    ...specifyEnvironment(model.environment ?? {}),
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

/** A null is a variable that is set nowhere: the engine takes such a one from the image's (Compose sends its bare name). */
function specifyEnvironment(variables: Record<string, string | null>): Pick<ServiceSpec, "environment" | "unset"> {
  const environment: Record<string, string> = {};
  const unset: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (value === null) unset.push(name);
    else environment[name] = value;
  }
  return { environment, ...(unset.length > 0 && { unset: unset.toSorted() }) };
}
