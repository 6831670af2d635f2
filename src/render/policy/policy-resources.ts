import { honor, leaveIt, refuse, orDrop, rewrite, type Rows, unless } from "./policy-row.ts";

const capped = "up to the preview's own limit";
const limited = rewrite("reservation", "not used, the preview's limits hold", leaveIt);
const cpuShare = rewrite("cpu-share", "not used, the preview's limits hold", "Write `cpus`.");
const swap = rewrite("memory-options", "not used, the preview's limits hold", leaveIt);
const device = "asks for a device of the host, which a preview never gets";
const replicas = honor("0 leaves the service out", rewrite("one-replica", "1 in a preview", leaveIt, unless(0, 1)));
const swarm = rewrite("deploy", "not used, it is for Swarm", leaveIt);

/** How much of the machine a service gets. */
export const resourceRows: Rows = {
  "services.*.cpus": honor(capped),
  "services.*.mem_limit": honor(capped),
  "services.*.pids_limit": honor(capped),
  "services.*.mem_reservation": honor("up to the service's own memory"),
  "services.*.shm_size": honor("up to the service's own memory, to which it counts"),
  "services.*.cpu_count": cpuShare,
  "services.*.cpu_percent": cpuShare,
  "services.*.cpu_period": honor("with `cpu_quota`, as a number of CPUs"),
  "services.*.cpu_quota": honor(capped),
  "services.*.cpu_rt_period": cpuShare,
  "services.*.cpu_rt_runtime": cpuShare,
  "services.*.cpuset": cpuShare,
  "services.*.blkio_config": rewrite("blkio", "not used, disks are shared fairly", leaveIt),
  "services.*.mem_swappiness": swap,
  "services.*.memswap_limit": swap,
  "services.*.oom_kill_disable": rewrite(
    "memory-options",
    "not used, the preview's limits hold",
    leaveIt,
    unless(false),
  ),
  "services.*.storage_opt": rewrite("storage", "not used", leaveIt),
  "services.*.scale": replicas,
  "services.*.deploy.replicas": replicas,
  "services.*.deploy.resources.limits.cpus": honor(capped),
  "services.*.deploy.resources.limits.memory": honor(capped),
  "services.*.deploy.resources.limits.pids": honor(capped),
  "services.*.deploy.resources.reservations.cpus": limited,
  "services.*.deploy.resources.reservations.memory": honor("up to the service's own memory"),
  "services.*.deploy.resources.reservations.pids": limited,
  "services.*.deploy.resources.reservations.devices": refuse("devices", device, orDrop),
  "services.*.deploy.resources.reservations.generic_resources": refuse("devices", device, orDrop),
  "services.*.deploy.mode": swarm,
  "services.*.deploy.placement": swarm,
  "services.*.deploy.update_config": swarm,
  "services.*.deploy.rollback_config": swarm,
  "services.*.deploy.restart_policy.condition": honor("in place of `restart`"),
  "services.*.deploy.restart_policy.max_attempts": honor(),
  "services.*.deploy.restart_policy.delay": swarm,
  "services.*.deploy.restart_policy.window": swarm,
  "services.*.deploy.endpoint_mode": swarm,
  "services.*.deploy.labels": swarm,
};
