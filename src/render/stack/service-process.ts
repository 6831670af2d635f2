import type { Limits, ServiceSpec, Ulimit } from "../../domain/service.ts";
import type { Service } from "../compose-model.ts";

/** What a service may set itself as it likes: memory, processes and disk have limits of their own. */
const freeUlimits = ["nproc", "memlock", "stack", "as", "data", "rss", "fsize", "cpu", "locks"];
/** The most of what costs the host; a core dump would be written where the host keeps its own. */
const mostOf: Readonly<Record<string, number>> = {
  nofile: 1_048_576,
  sigpending: 128_000,
  msgqueue: 8 * 1024 ** 2,
  core: 0,
};

/** The others are priorities over the host's other work: nobody's. */
export const ulimitNames: readonly string[] = [...freeUlimits, ...Object.keys(mostOf)];

/** What a process of the service may and is given, beside its command; nothing where the file says nothing. */
export function specifyProcess(model: Service): Partial<ServiceSpec> {
  const capAdd = (model.cap_add ?? []).map(capabilityName).filter((name) => !leftOutCapabilities.includes(name));
  const ulimits = Object.entries(model.ulimits ?? {}).flatMap(([name, said]) => specifyUlimit(name, said));
  const sysctls = Object.fromEntries(Object.entries(model.sysctls ?? {}).filter(([name]) => isOwnSysctl(name)));
  const { domainname, group_add: groups = [], oom_score_adj: oomScoreAdj } = model;
  return {
    ...(domainname !== undefined && { domainname }),
    ...(groups.length > 0 && { groups }),
    ...(capAdd.length > 0 && { capAdd }),
    ...(ulimits.length > 0 && { ulimits }),
    ...(Object.keys(sysctls).length > 0 && { sysctls }),
    ...(oomScoreAdj !== undefined && { oomScoreAdj: Math.max(0, oomScoreAdj) }),
  };
}

/** `CAP_CHOWN` and `chown` are `CHOWN`. */
export function capabilityName(said: string): string {
  return said.toUpperCase().replace(/^CAP_/, "");
}

/** Compose files ask for it to be a little faster (MySQL's image), and run without: it would take CPU time from the host. */
export const leftOutCapabilities: readonly string[] = ["SYS_NICE"];

/** True for what the engine gives every container (Docker's documentation, Runtime privilege), and for locking memory, which is limited anyway. */
export function isHarmlessCapability(name: string): boolean {
  return harmlessCapabilities.includes(name);
}

const harmlessCapabilities = `AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID IPC_LOCK KILL MKNOD NET_BIND_SERVICE NET_RAW
  SETFCAP SETGID SETPCAP SETUID SYS_CHROOT`.split(/\s+/);

/** Settings of the container's own network (sysctl(8)); others are the machine's. */
export function isOwnSysctl(name: string): boolean {
  return (
    /^net\.(ipv4|ipv6)(\.[\w-]+)+$/.test(name) || name === "net.core.somaxconn" || name === "net.unix.max_dgram_qlen"
  );
}

/** True where a limit is lowered to what a preview may have. */
export function isCappedUlimit(name: string, said: number | { soft: number; hard: number }): boolean {
  const [capped] = specifyUlimit(name, said);
  const { soft, hard } = both(said);
  return capped !== undefined && (capped.soft !== soft || capped.hard !== hard);
}

/** A limit of processes, as far as a preview may have it; nothing where it may not. */
export function specifyUlimit(name: string, said: number | { soft: number; hard: number }): Ulimit[] {
  const { soft, hard } = both(said);
  if (freeUlimits.includes(name)) return [{ name, soft, hard }];
  const most = Object.hasOwn(mostOf, name) ? mostOf[name] : undefined;
  if (most === undefined) return [];
  const cap = (value: number) => (value === -1 ? most : Math.min(value, most));
  return [{ name, soft: cap(soft), hard: cap(hard) }];
}

function both(said: number | { soft: number; hard: number }): { soft: number; hard: number } {
  return typeof said === "number" ? { soft: said, hard: said } : said;
}

/** A weight above the usual would take time from other previews. */
export const mostCpuShares = 1024;

/** What is asked for within a service's limits. */
export function withinLimits(model: Service, limits: Limits): Limits {
  const reserved = model.mem_reservation ?? model.deploy?.resources?.reservations?.memory ?? 0;
  const shares = model.cpu_shares ?? 0;
  return {
    ...limits,
    ...(reserved > 0 && { reservedBytes: Math.min(reserved, limits.memoryBytes) }),
    ...(shares > 0 && { cpuShares: Math.min(shares, mostCpuShares) }),
  };
}
