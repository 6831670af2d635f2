import type { Limits } from "../../domain/service.ts";
import type { Service } from "../compose-model.ts";

/** What a whole preview may use. */
export type PreviewLimits = { cpus: number; memoryBytes: number; pids: number; services: number };

const mebibyte = 1024 * 1024;
/** Below this nothing useful starts. */
const least = { memoryBytes: 64 * mebibyte, pids: 64 };

/**
 * Each container's limits. What a service declares holds, up to the preview's own limits; declared memory and pids that
 * exceed them together are cut in proportion. The rest is shared equally by the long-running services that declare
 * nothing; a job takes as much as one of them. CPU time is not reserved: what is not declared may use the preview's whole.
 */
export function shareLimits(
  services: ReadonlyMap<string, { service: Service; job: boolean }>,
  limits: PreviewLimits,
): Map<string, Limits> {
  const memory = share(services, limits.memoryBytes, {
    least: least.memoryBytes,
    unit: mebibyte,
    declared: declaredMemory,
  });
  const pids = share(services, limits.pids, { least: least.pids, unit: 1, declared: declaredPids });
  return new Map(
    [...services].map(([name, { service }]) => [
      name,
      {
        cpus:
          smallest([service.cpus, quotaOf(service), service.deploy?.resources?.limits?.cpus, limits.cpus]) ??
          limits.cpus,
        memoryBytes: memory.get(name) ?? least.memoryBytes,
        pids: pids.get(name) ?? least.pids,
      },
    ]),
  );
}

type Rule = { least: number; unit: number; declared: (service: Service) => number | undefined };

function share(
  services: ReadonlyMap<string, { service: Service; job: boolean }>,
  total: number,
  rule: Rule,
): Map<string, number> {
  const entries = [...services].map(([name, { service, job }]) => ({ name, job, declared: rule.declared(service) }));
  const running = entries.filter((entry) => !entry.job);
  const open = running.filter((entry) => entry.declared === undefined).length;
  const wanted = running.reduce((sum, entry) => sum + Math.min(entry.declared ?? 0, total), 0);
  const available = Math.max(0, total - open * rule.least);
  const factor = wanted > available ? available / wanted : 1;
  const left = Math.max(0, total - wanted * factor);
  const floor = (amount: number) => Math.max(rule.least, Math.floor(amount / rule.unit) * rule.unit);
  const one = floor(left / Math.max(1, open));
  return new Map(
    entries.map(({ name, job, declared }) => {
      if (declared === undefined) return [name, one];
      return [name, factor === 1 || job ? Math.min(declared, total) : floor(Math.min(declared, total) * factor)];
    }),
  );
}

/** `cpu_quota` of `cpu_period`, as a number of CPUs: the engine takes one way of saying it. */
function quotaOf({ cpu_quota: quota, cpu_period: period }: Service): number | undefined {
  return quota === undefined ? undefined : quota / (period || usualPeriod);
}

/** Microseconds (kernel, CFS bandwidth control). */
const usualPeriod = 100_000;

function declaredMemory(service: Service): number | undefined {
  return smallest([service.mem_limit, service.deploy?.resources?.limits?.memory]);
}

function declaredPids(service: Service): number | undefined {
  return smallest([service.pids_limit, service.deploy?.resources?.limits?.pids]);
}

/** The least of those above zero: to Compose, 0 (and -1 for pids) means no limit. */
function smallest(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((value) => value !== undefined && value > 0) as number[];
  return given.length > 0 ? Math.min(...given) : undefined;
}
