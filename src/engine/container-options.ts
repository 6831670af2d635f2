import type Docker from "dockerode";
import { composeLabels, labels, previewLabels } from "../domain/labels.ts";
import { homeNetworkName } from "../domain/naming.ts";
import { fillMarks } from "../domain/secret-mark.ts";
import type { Healthcheck, ServiceSpec } from "../domain/service.ts";
import type { Attachment, ContainerPlan } from "../plan/step.ts";
import { mountOptions } from "./container-mounts.ts";
import { restartLabel, restartOptions } from "./restart-policy.ts";

/** Whose container it is, and the fixed address it gets in each network (none: the engine chooses). */
export type ContainerOwner = {
  server: string;
  preview: string;
  project: string;
  addresses: Readonly<Record<string, string>>;
  /** Values of the secrets it is given, by name. */
  secrets?: ReadonlyMap<string, string>;
};

/**
 * The engine's create payload (API 1.45, `POST /containers/create`) for one container. No port is published and no
 * host path is mounted, whatever the plan says.
 */
export function containerOptions(plan: ContainerPlan, owner: ContainerOwner): Docker.ContainerCreateOptions {
  const { service } = plan;
  return {
    Image: plan.imageId,
    Labels: labelsOf(plan, owner),
    Env: [
      ...Object.entries(service.environment).map(
        ([name, value]) => `${name}=${fillMarks(value, owner.secrets ?? new Map())}`,
      ),
      ...(service.unset ?? []),
    ],
    ...(service.command !== null && { Cmd: service.command }),
    ...(service.entrypoint !== null && { Entrypoint: service.entrypoint }),
    ...(service.user !== null && { User: service.user }),
    ...(service.workingDir !== null && { WorkingDir: service.workingDir }),
    ...(service.hostname !== null && { Hostname: service.hostname }),
    ...(service.domainname !== undefined && { Domainname: service.domainname }),
    ...(service.stopSignal !== null && { StopSignal: service.stopSignal }),
    ...(service.stopGraceMs !== null && { StopTimeout: Math.ceil(service.stopGraceMs / 1000) }),
    ...(service.healthcheck !== null && { Healthcheck: healthOptions(service.healthcheck) }),
    Tty: service.tty,
    OpenStdin: service.stdinOpen,
    HostConfig: hostOptions(plan, owner),
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        plan.attachments.map((each) => [each.network, endpointOptions(service.name, each, owner.addresses)]),
      ),
    },
  };
}

/** One place in one network: the service's own name is always an alias. */
export function endpointOptions(
  service: string,
  attachment: Attachment,
  addresses: Readonly<Record<string, string>>,
): Docker.EndpointSettings {
  const address = addresses[attachment.network];
  return {
    Aliases: [...new Set([service, ...attachment.aliases])],
    ...(address !== undefined && { IPAMConfig: { IPv4Address: address } }),
  };
}

function labelsOf(plan: ContainerPlan, owner: ContainerOwner): Record<string, string> {
  const { name } = plan.service;
  return {
    ...composeLabels(owner.project, { service: name, hash: plan.specHash }),
    ...previewLabels(owner, "service", plan.generation),
    [labels.service]: name,
    [labels.specHash]: plan.specHash,
    [labels.restart]: restartLabel(plan.service),
  };
}

function hostOptions(plan: ContainerPlan, owner: ContainerOwner): Docker.HostConfig {
  const { service } = plan;
  const { groups, ulimits, sysctls, oomScoreAdj, resolver } = service;
  return {
    // The engine starts nothing whose network mode names a network that is gone, and asks not that it be in it.
    NetworkMode: plan.hasHome ? homeNetworkName(owner.server) : (plan.attachments[0]?.network ?? "none"),
    RestartPolicy: restartOptions(service),
    ...limitOptions(service),
    LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
    SecurityOpt: ["no-new-privileges"],
    CapAdd: service.capAdd ?? [],
    CapDrop: service.capDrop,
    Init: service.init,
    ReadonlyRootfs: service.readOnly,
    ...(groups && { GroupAdd: groups }),
    ...(ulimits && { Ulimits: ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })) }),
    ...(sysctls && { Sysctls: sysctls }),
    ...(oomScoreAdj !== undefined && { OomScoreAdj: oomScoreAdj }),
    ...(resolver && {
      ExtraHosts: resolver.hosts,
      Dns: resolver.servers,
      DnsSearch: resolver.search,
      DnsOptions: resolver.options,
    }),
    ...mountOptions(plan, owner),
  };
}

/** Memory counts what lies in `/dev/shm`, too. */
function limitOptions({ limits, shmSizeBytes }: ServiceSpec): Docker.HostConfig {
  return {
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * 1e9),
    PidsLimit: limits.pids,
    ...(limits.reservedBytes !== undefined && { MemoryReservation: limits.reservedBytes }),
    ...(limits.cpuShares !== undefined && { CpuShares: limits.cpuShares }),
    ...(shmSizeBytes !== null && { ShmSize: Math.min(shmSizeBytes, limits.memoryBytes) }),
  };
}

/** A zero is the image's word, then the engine's. */
function healthOptions(health: Healthcheck | "none"): Docker.HealthConfig {
  if (health === "none") return { Test: ["NONE"] };
  return {
    Test: health.test,
    Interval: nanoseconds(health.intervalMs),
    Timeout: nanoseconds(health.timeoutMs),
    Retries: health.retries ?? 0,
    StartPeriod: nanoseconds(health.startPeriodMs),
    StartInterval: nanoseconds(health.startIntervalMs),
  };
}

function nanoseconds(ms: number | null): number {
  return Math.round((ms ?? 0) * 1e6);
}
