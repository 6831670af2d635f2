import type Docker from "dockerode";
import { parseSize } from "../../src/config/quantity.ts";

/** Field by field, `HostConfig.CapAdd` or `Mounts./data.RW`; what is empty is left out. */
type Fields = Map<string, unknown>;
/** What the engine says of a project's containers by service, and of its networks by `network NAME`, in the project's own names. */
export type Inspection = { made: Record<string, Fields> };
export type Difference = { service: string; field: string; theirs: unknown; ours: unknown };
type Accepted = { reason: string; accepts(difference: Difference): boolean };

export async function inspectionOf(docker: Docker, project: string): Promise<Inspection> {
  const label = [`com.docker.compose.project=${project}`];
  const found = await docker.listContainers({ all: true, filters: { label } });
  const volumes = (await docker.listVolumes({ filters: { label } })).Volumes;
  const networks = await docker.listNetworks({ filters: { label } });
  const own = new Map([
    ...volumes.map((each) => [each.Name, each.Labels["com.docker.compose.volume"] ?? ""] as const),
    ...networks.map((each) => [each.Name, each.Labels?.["com.docker.compose.network"] ?? ""] as const),
  ]);
  const services = found.map(async ({ Id, Labels }) => {
    const info = await docker.getContainer(Id).inspect();
    return [Labels["com.docker.compose.service"] ?? "", fieldsOf(info, project, own)] as const;
  });
  const shared = networks.map(({ Name, Internal, Driver, Options, EnableIPv6, IPAM }) => {
    const facts = { Internal, Driver, Options, EnableIPv6, IPAM: { ...IPAM, Config: [JSON.stringify(IPAM?.Config)] } };
    return [`network ${own.get(Name) ?? Name}`, flat(facts)] as const;
  });
  const all = [...(await Promise.all(services)), ...shared].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { made: Object.fromEntries(all) };
}

export function differences(theirs: Inspection, ours: Inspection): Difference[] {
  return Object.entries(theirs.made).flatMap(([service, expected]) => {
    const made = ours.made[service] ?? new Map<string, unknown>();
    return [...new Set([...expected.keys(), ...made.keys()])].flatMap((field) => {
      const [a, b] = [expected.get(field), made.get(field)];
      return equal(a, b) ? [] : [{ service, field, theirs: a, ours: b }];
    });
  });
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function fieldsOf(info: Docker.ContainerInspectInfo, project: string, own: ReadonlyMap<string, string>): Fields {
  const { Binds: _binds, Mounts: mounted = [], NetworkMode, Tmpfs, ...host } = info.HostConfig;
  const { Hostname, Env, ExposedPorts, Volumes, ...config } = info.Config;
  const networks = Object.entries(info.NetworkSettings.Networks).map(([name, { Aliases, Links }]) => {
    const aliases = (Aliases as string[] | null)?.map((alias) => alias.replace(`${project}-`, ""));
    return [own.get(name) ?? name, { there: true, Aliases: sorted(aliases), Links: Links as string[] | null }];
  });
  return flat({
    Config: {
      ...config,
      Hostname: info.Id.startsWith(Hostname) ? "" : Hostname,
      Env: sorted(Env),
      ExposedPorts: sorted(Object.keys(ExposedPorts ?? {})),
      Volumes: sorted(Object.keys(Volumes ?? {})),
    },
    HostConfig: {
      ...host,
      NetworkMode: own.get(NetworkMode ?? "") ?? NetworkMode,
      CapAdd: sorted((host.CapAdd as string[] | null)?.map((name) => name.replace("CAP_", ""))),
      ExtraHosts: sorted(host.ExtraHosts as string[] | null),
      Ulimits: sorted((host.Ulimits ?? []).map(({ Name, Soft, Hard }) => `${Name} ${Soft} ${Hard}`)),
    },
    Mounts: mountsOf(info, mounted, own),
    Tmpfs: tmpfsOf(Tmpfs, mounted),
    Networks: Object.fromEntries(networks),
  });
}

function flat(value: unknown, path = ""): Fields {
  if (value === null || value === undefined || value === "") return new Map();
  if (Array.isArray(value)) return new Map(value.length === 0 ? [] : [[path, value]]);
  if (typeof value !== "object") return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, each]) => [...flat(each, path === "" ? key : `${path}.${key}`)]));
}

function sorted(list: readonly string[] | null | undefined): string[] {
  return [...(list ?? [])].toSorted();
}

/** The volumes it mounts, by path. */
function mountsOf(
  info: Docker.ContainerInspectInfo,
  asked: readonly Docker.MountSettings[],
  own: ReadonlyMap<string, string>,
) {
  const volumes = info.Mounts.filter(({ Type }) => Type === "volume").map(({ Name = "", RW, Driver, Destination }) => {
    const { VolumeOptions } = asked.find(({ Target }) => Target === Destination) ?? {};
    return [Destination, { Name: own.get(Name) ?? "anonymous", RW, Driver, NoCopy: VolumeOptions?.NoCopy || null }];
  });
  return Object.fromEntries(volumes);
}

/** By path its options, however they were asked for. */
function tmpfsOf(short: Record<string, string> | undefined, mounts: readonly Docker.MountSettings[]) {
  const long = mounts.flatMap(({ Type, Target, TmpfsOptions }) => {
    const { SizeBytes, Mode } = TmpfsOptions ?? {};
    const options = [SizeBytes && `size=${SizeBytes}`, Mode && `mode=${Mode.toString(8)}`];
    return Type === "tmpfs" ? [[Target, options.filter(Boolean)] as const] : [];
  });
  const read = Object.entries(short ?? {}).map(([target, options]) => {
    const bytes = options.replace(/(?<=size=)\w+/, (size) => String(parseSize(size)));
    return [target, bytes.split(",")] as const;
  });
  return Object.fromEntries([...long, ...read].map(([target, options]) => [target, options.toSorted().join()]));
}

/** What the one link of the file calls its service. */
const linked = "worker";

/** Where what we make may differ from what Compose makes. Everything else is a bug. */
export const accepted: readonly Accepted[] = [
  because("nobody's terminal is attached: output is read from the engine's logs", [
    "Config.AttachStdout",
    "Config.AttachStderr",
  ]),
  because("containers run by an image's id: a tag may move while they serve", [
    "Config.Image",
    "Config.Labels.com.docker.compose.image",
  ]),
  because("Mayfly's labels, and of Compose's those that its commands need", [
    /^Config\.Labels\.dev\.mayfly\./,
    /^Config\.Labels\.com\.docker\.compose\.(config-hash|depends_on|project|project\.\w+|version)$/,
  ]),
  because("labels of a branch would steer other programs of the host", ["Config.Labels.note"]),
  because("every container has limits: what is not asked for is shared out (ADR 8)", [
    "HostConfig.Memory",
    "HostConfig.NanoCpus",
    "HostConfig.PidsLimit",
  ]),
  because("swap is no way around a memory limit", ["HostConfig.MemorySwap"]),
  because("a share of CPU time is said in one way, as a number of CPUs", [
    "HostConfig.CpuPeriod",
    "HostConfig.CpuQuota",
  ]),
  because("logs cannot fill the disk", [/^HostConfig\.LogConfig\.Config\.max-/]),
  because("no process gains privileges, whatever is asked", ["HostConfig.SecurityOpt"]),
  because(
    "`init` is always said, so that the engine's own default does not count",
    ["HostConfig.Init"],
    ({ ours }) => ours === false,
  ),
  because(
    "nobody asks for a service's first container by its number",
    [/^Networks\..*\.Aliases$/],
    ({ theirs, ours, service }) => equal(without(theirs, `${service}-1`), without(ours, linked)),
  ),
  because(
    "a link's name is one of the network's: who is linked to may be replaced",
    [/^Networks\..*\.(Links|Aliases)$/],
    ({ field, ours }) => field.endsWith("Links") || (Array.isArray(ours) && ours.includes(linked)),
  ),
  because("nothing is published on the host", [/^HostConfig\.PortBindings\./, "Config.ExposedPorts"]),
  because(
    "what sleeps is stopped, and must not come back with the engine",
    ["HostConfig.RestartPolicy.Name"],
    ({ theirs, ours }) => theirs === "always" && ours === "unless-stopped",
  ),
  because("subnets are our own: the engine's are used up by 30 networks", [/^IPAM\./]),
];

function because(
  reason: string,
  fields: readonly (string | RegExp)[],
  and: (difference: Difference) => boolean = () => true,
): Accepted {
  const names = (field: string) =>
    fields.some((each) => (typeof each === "string" ? each === field : each.test(field)));
  return { reason, accepts: (difference) => names(difference.field) && and(difference) };
}

function without(list: unknown, text: string): unknown {
  return Array.isArray(list) ? list.filter((each) => each !== text) : list;
}
