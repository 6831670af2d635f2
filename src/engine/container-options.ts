import type Docker from "dockerode";
import { composeLabels, labels, previewLabels } from "../domain/labels.ts";
import { fillMarks } from "../domain/secret-mark.ts";
import type { Healthcheck, Mount, ServiceSpec } from "../domain/service.ts";
import type { Attachment, ContainerPlan } from "../plan/step.ts";

/** Whose container it is, and the fixed address it gets in each network (none: the engine chooses). */
export type ContainerOwner = {
  server: string;
  preview: string;
  project: string;
  addresses: Readonly<Record<string, string>>;
  /** Values of the secrets it is given, by name. */
  secrets?: ReadonlyMap<string, string>;
};

/** Where Compose puts secrets (Compose specification, secrets). */
export const secretsPath = "/run/secrets";

type MountOptions = Partial<Docker.MountSettings> & { Type: "volume"; Target: string };

/**
 * The engine's create payload (API 1.45, `POST /containers/create`) for one container. No port is published and no
 * host path is mounted, whatever the plan says.
 */
export function containerOptions(plan: ContainerPlan, owner: ContainerOwner): Docker.ContainerCreateOptions {
  const { service } = plan;
  return {
    Image: plan.imageId,
    Labels: labelsOf(plan, owner),
    Env: Object.entries(service.environment).map(
      ([name, value]) => `${name}=${fillMarks(value, owner.secrets ?? new Map())}`,
    ),
    ...(service.command !== null && { Cmd: service.command }),
    ...(service.entrypoint !== null && { Entrypoint: service.entrypoint }),
    ...(service.user !== null && { User: service.user }),
    ...(service.workingDir !== null && { WorkingDir: service.workingDir }),
    ...(service.hostname !== null && { Hostname: service.hostname }),
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
  };
}

function hostOptions(plan: ContainerPlan, owner: ContainerOwner): Docker.HostConfig {
  const { service } = plan;
  const { limits } = service;
  const owned = previewLabels(owner, "data", plan.generation);
  return {
    NetworkMode: plan.attachments[0]?.network ?? "none",
    RestartPolicy: { Name: restartName(service) },
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * 1e9),
    PidsLimit: limits.pids,
    LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
    SecurityOpt: ["no-new-privileges"],
    CapDrop: service.capDrop,
    Init: service.init,
    ReadonlyRootfs: service.readOnly,
    ...(service.shmSizeBytes !== null && { ShmSize: Math.min(service.shmSizeBytes, service.limits.memoryBytes) }),
    Tmpfs: tmpfsOptions(service.mounts),
    // The library's types ask for more than the engine does.
    Mounts: [
      ...volumeOptions(service.mounts, plan.volumes, owned),
      ...secretsFolder(plan, owner),
    ] as Docker.MountSettings[],
  };
}

/** The engine restarts services by our policy: "always" would also start what a person stopped. */
function restartName(service: ServiceSpec): string {
  return service.restart === "always" ? "unless-stopped" : service.restart;
}

function tmpfsOptions(mounts: readonly Mount[]): Record<string, string> {
  return Object.fromEntries(
    mounts.flatMap((mount) =>
      mount.kind === "tmpfs" ? [[mount.target, mount.sizeBytes === null ? "" : `size=${mount.sizeBytes}`]] : [],
    ),
  );
}

/** Labels go along, since the engine makes a volume that is missing, silently. */
function volumeOptions(
  mounts: readonly Mount[],
  volumes: Readonly<Record<string, string>>,
  owned: Record<string, string>,
): MountOptions[] {
  const VolumeOptions = { NoCopy: false, Labels: owned } as NonNullable<Docker.MountSettings["VolumeOptions"]>;
  return mounts.flatMap((mount): MountOptions[] => {
    switch (mount.kind) {
      case "tmpfs":
        return [];
      case "anonymous":
        return [{ Type: "volume", Target: mount.target, VolumeOptions }];
      case "volume": {
        const Source = volumes[mount.volume];
        if (Source === undefined) throw new TypeError(`volume ${mount.volume} has no name on the engine`);
        return [{ Type: "volume", Source, Target: mount.target, ReadOnly: mount.readOnly, VolumeOptions }];
      }
    }
  });
}

/**
 * A volume of the container's own, which goes when it goes: an archive is taken into it although the container may be
 * `read_only`, and a tmpfs above it does not hide it.
 */
function secretsFolder({ service, generation }: ContainerPlan, owner: ContainerOwner): MountOptions[] {
  if (service.secretFiles.length === 0) return [];
  const Labels = previewLabels(owner, "files", generation);
  return [
    {
      Type: "volume",
      Target: secretsPath,
      VolumeOptions: { NoCopy: true, Labels } as NonNullable<Docker.MountSettings["VolumeOptions"]>,
    },
  ];
}

function healthOptions(health: Healthcheck | "none"): Docker.HealthConfig {
  if (health === "none") return { Test: ["NONE"] };
  return {
    Test: health.test,
    Interval: nanoseconds(health.intervalMs),
    Timeout: nanoseconds(health.timeoutMs),
    Retries: health.retries,
    StartPeriod: nanoseconds(health.startPeriodMs),
    ...(health.startIntervalMs !== null && { StartInterval: nanoseconds(health.startIntervalMs) }),
  };
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}
