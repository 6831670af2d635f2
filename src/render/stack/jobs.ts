import type { ComposeModel } from "../compose-model.ts";
import { specifyRestart } from "./service-end.ts";

/**
 * The services that may end by themselves, so that exit 0 is no failure.
 *
 * Where another service waits for completion, the author says so (with `restart: on-failure` too: it ends at its first
 * success). Else `restart` must be absent or `no`, and nothing may tell that the service has to stay: nobody depends on
 * it, it promises no port, has no route and no health check, and keeps no data. A worker without `restart:` looks just
 * the same: it may end, but nothing may wait for its end. Completion is awaited only where a dependency asks for it.
 */
export function findJobs(model: ComposeModel, routed: ReadonlySet<string>, keepers: ReadonlySet<string>): Set<string> {
  const services = Object.entries(model.services);
  const dependencies = services.flatMap(([, service]) => Object.entries(service.depends_on ?? {}));
  const dependedOn = new Set(dependencies.map(([name]) => name));
  const awaited = new Set(
    dependencies.filter(([, { condition }]) => condition === "service_completed_successfully").map(([name]) => name),
  );
  const jobs = services.filter(([name, service]) => {
    const { restart } = specifyRestart(service);
    const staysUp = restart === "always" || restart === "unless-stopped";
    if (awaited.has(name)) return !staysUp;
    const promises = (service.ports?.length ?? 0) + (service.expose?.length ?? 0) > 0 || routed.has(name);
    const mustStay = dependedOn.has(name) || promises || service.healthcheck !== undefined || keepers.has(name);
    return restart === "no" && !mustStay;
  });
  return new Set(jobs.map(([name]) => name));
}
