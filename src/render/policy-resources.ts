import { honor, later, leaveIt, refuse, orDrop, rewrite, type Rows, unless } from "./policy-row.ts";

const capped = "up to the preview's own limit";
const limited = rewrite("reservation", "not used, the preview's limits hold", leaveIt);
const cpuShare = rewrite("cpu-share", "not used, the preview's limits hold", "Write `cpus`.");
const swap = rewrite("memory-options", "not used, the preview's limits hold", leaveIt);
const device = "asks for a device of the host, which a preview never gets";
const swarm = rewrite("deploy", "not used, it is for Swarm", leaveIt);

/** How much of the machine a service gets. */
export const resourceRows: Rows = {
  "services.*.cpus": honor(capped),
  "services.*.mem_limit": honor(capped),
  "services.*.pids_limit": honor(capped),
  "services.*.mem_reservation": limited,
  "services.*.shm_size": honor(),
  "services.*.ulimits": later(),
  "services.*.cpu_count": cpuShare,
  "services.*.cpu_percent": cpuShare,
  "services.*.cpu_period": cpuShare,
  "services.*.cpu_quota": cpuShare,
  "services.*.cpu_rt_period": cpuShare,
  "services.*.cpu_rt_runtime": cpuShare,
  "services.*.cpu_shares": cpuShare,
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
  "services.*.oom_score_adj": rewrite("memory-options", "not used, the preview's limits hold", leaveIt, unless(0)),
  "services.*.storage_opt": rewrite("storage", "not used", leaveIt),
  "services.*.scale": rewrite("one-replica", "1 in a preview", leaveIt, unless(1)),
  "services.*.deploy.replicas": rewrite("one-replica", "1 in a preview", leaveIt, unless(1)),
  "services.*.deploy.resources.limits.cpus": honor(capped),
  "services.*.deploy.resources.limits.memory": honor(capped),
  "services.*.deploy.resources.limits.pids": honor(capped),
  "services.*.deploy.resources.reservations.cpus": limited,
  "services.*.deploy.resources.reservations.memory": limited,
  "services.*.deploy.resources.reservations.pids": limited,
  "services.*.deploy.resources.reservations.devices": refuse("devices", device, orDrop),
  "services.*.deploy.resources.reservations.generic_resources": refuse("devices", device, orDrop),
  "services.*.deploy.mode": swarm,
  "services.*.deploy.placement": swarm,
  "services.*.deploy.update_config": swarm,
  "services.*.deploy.rollback_config": swarm,
  "services.*.deploy.restart_policy": swarm,
  "services.*.deploy.endpoint_mode": swarm,
  "services.*.deploy.labels": swarm,
};
