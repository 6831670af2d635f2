import type Docker from "dockerode";
import { labels, parseGeneration } from "../domain/labels.ts";
import type {
  ContainerState,
  ObservedContainer,
  ObservedNetwork,
  ObservedVolume,
  StackState,
} from "../domain/stack-state.ts";
import { allow, parseTime } from "./docker.ts";
import { ownedBy } from "./ownership.ts";

/** Anything on the engine that carries our server label and belongs to a preview. */
export type OwnedObject = { kind: "container" | "network" | "volume"; name: string; createdAt: number };

/** What the engine says is there for one preview, read anew each time and sorted by name. Throws EngineError. */
export async function observe(docker: Docker, server: string, previewKey: string): Promise<StackState> {
  const filters = ownedBy(server, previewKey);
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const inspected = await Promise.all(containers.map(({ Id }) => allow(docker.getContainer(Id).inspect(), 404)));
  return {
    containers: byName(inspected.filter((each) => each !== null).map(toContainer)),
    networks: byName(networks.map(toNetwork)),
    volumes: byName(volumes.Volumes.map(toVolume)),
  };
}

/** Everything with our server label by preview key, for the sweep; caches name no preview and are not listed. Throws EngineError. */
export async function observeOwned(docker: Docker, server: string): Promise<Map<string, OwnedObject[]>> {
  const filters = ownedBy(server);
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const owned = new Map<string, OwnedObject[]>();
  const add = (found: Record<string, string> | undefined, object: OwnedObject) => {
    const key = found?.[labels.preview];
    if (key === undefined) return;
    owned.set(key, [...(owned.get(key) ?? []), object]);
  };
  for (const each of containers) {
    add(each.Labels, { kind: "container", name: bareName(each.Names[0] ?? each.Id), createdAt: each.Created * 1000 });
  }
  for (const each of networks) {
    add(each.Labels, { kind: "network", name: each.Name, createdAt: parseTime(each.Created) ?? 0 });
  }
  for (const each of volumes.Volumes) {
    add(each.Labels, { kind: "volume", name: each.Name, createdAt: createdAtOf(each) });
  }
  return owned;
}

function byName<T extends { name: string }>(found: T[]): T[] {
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function toContainer(info: Docker.ContainerInspectInfo): ObservedContainer {
  const found = info.Config.Labels;
  const state = info.State.Status as ContainerState;
  const ended = state === "exited" || state === "dead" || state === "restarting";
  const networks = Object.entries(info.NetworkSettings.Networks);
  return {
    id: info.Id,
    name: bareName(info.Name),
    service: found[labels.service] ?? "",
    generation: parseGeneration(found[labels.generation]),
    specHash: found[labels.specHash] ?? "",
    state,
    exitCode: ended ? info.State.ExitCode : null,
    oomKilled: info.State.OOMKilled,
    restartCount: info.RestartCount,
    ranMs: ended ? ranMs(info) : null,
    startedAt: parseTime(info.State.StartedAt),
    endedAt: ended ? parseTime(info.State.FinishedAt) : null,
    addresses: Object.fromEntries(networks.map(([name, endpoint]) => [name, endpoint.IPAddress])),
    volumes: info.Mounts.flatMap((mount) => (mount.Type === "volume" && mount.Name ? [mount.Name] : [])),
  };
}

function toNetwork(info: Docker.NetworkInspectInfo): ObservedNetwork {
  const found = info.Labels ?? {};
  return {
    name: info.Name,
    generation: parseGeneration(found[labels.generation]),
    network: found[labels.network] ?? "",
    subnet: info.IPAM?.Config?.[0]?.Subnet ?? "",
    internal: info.Internal,
  };
}

function toVolume(info: Docker.VolumeInspectInfo): ObservedVolume {
  const snapshot = info.Labels?.[labels.snapshot];
  const isFiles = info.Labels?.[labels.kind] === "files";
  return {
    name: info.Name,
    volume: info.Labels?.[labels.volume] ?? "",
    dataKey: info.Labels?.[labels.dataKey] ?? "",
    createdAt: createdAtOf(info),
    ...(snapshot !== undefined && { snapshot }),
    ...(isFiles && { files: parseGeneration(info.Labels?.[labels.generation]) }),
  };
}

/** How long its last run took, in milliseconds; null when it never ran. */
export function ranMs(info: Pick<Docker.ContainerInspectInfo, "State">): number | null {
  const [started, finished] = [parseTime(info.State.StartedAt), parseTime(info.State.FinishedAt)];
  return started === null || finished === null || finished < started ? null : finished - started;
}

function createdAtOf(volume: Docker.VolumeInspectInfo): number {
  return parseTime((volume as { CreatedAt?: string }).CreatedAt) ?? 0;
}

function bareName(name: string): string {
  return name.replace(/^\//, "");
}
