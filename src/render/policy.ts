import type { YamlNode } from "../config/yaml-node.ts";
import type { Finding } from "../domain/errors.ts";
import { buildRules } from "./policy-build.ts";
import type { OperatorRegistries } from "./policy-image.ts";
import { mountRule, tmpfsRule, volumeRules } from "./policy-mounts.ts";
import { each, honored, later, only, refused, rewritten, type Rule, unless } from "./policy-rule.ts";
import { declaredSecretRule, grantedSecretRule } from "./policy-secrets.ts";
import {
  dependencyRules,
  deployRules,
  envFileRule,
  graceRule,
  imageRule,
  labelRule,
  portRule,
  restartRule,
} from "./policy-service.ts";

const isolation = "shares something of the host: a preview is its own machine";
const hardened = "loosens the container's isolation: a preview never gets that";
const withoutHint = "Remove it; if the service cannot run without it, leave the service out of the preview.";
const ownNetworks = "Use the stack's own networks: services reach each other by name.";
const ownSettings = "Remove it, or leave it: it changes nothing here.";

/** All but `image`, which depends on the operator's registries. */
const serviceRules: Record<string, Rule> = {
  build: only(buildRules),
  environment: honored,
  env_file: each(envFileRule),
  command: honored,
  entrypoint: honored,
  expose: honored,
  ports: each(portRule),
  depends_on: each(only(dependencyRules)),
  healthcheck: only({
    test: honored,
    interval: honored,
    timeout: honored,
    start_period: honored,
    start_interval: honored,
    retries: honored,
    disable: honored,
  }),
  volumes: each(mountRule),
  tmpfs: each(tmpfsRule),
  networks: each(
    only({
      aliases: honored,
      ipv4_address: rewritten("fixed-address", "is dropped: addresses are ours", "Reach the service by its name."),
      ipv6_address: rewritten("fixed-address", "is dropped: addresses are ours", "Reach the service by its name."),
      priority: later,
      mac_address: later,
      link_local_ips: later,
      driver_opts: later,
      interface_name: later,
      gw_priority: later,
    }),
  ),
  user: honored,
  working_dir: honored,
  hostname: honored,
  init: honored,
  tty: honored,
  stdin_open: honored,
  read_only: honored,
  stop_signal: honored,
  stop_grace_period: graceRule,
  restart: restartRule,
  labels: labelRule,
  cap_drop: honored,
  shm_size: honored,
  mem_limit: honored,
  cpus: honored,
  pids_limit: honored,
  deploy: only(deployRules),
  profiles: honored,
  secrets: each(grantedSecretRule),
  develop: honored, // only `docker compose watch` reads it
  attach: honored, // only the terminal of `docker compose up` reads it
  container_name: rewritten(
    "container-name",
    "becomes a network alias",
    "Containers are named by the preview; the name still resolves.",
  ),
  platform: rewritten("platform", "is not used: images run on the host's own platform", ownSettings),
  pull_policy: rewritten("pull-policy", "is not used: images are pulled when they are missing", ownSettings),
  scale: unless([1], rewritten("one-replica", "is 1 in a preview", ownSettings)),
  logging: rewritten("logging", "is not used: logs are kept and rotated by Mayfly", ownSettings),
  mem_reservation: rewritten("reservation", "is not used: the preview's limits hold", ownSettings),
  privileged: unless([false], refused("privileged", hardened, withoutHint)),
  cap_add: refused("cap-add", hardened, withoutHint),
  security_opt: refused("security-opt", hardened, withoutHint),
  devices: refused("devices", isolation, withoutHint),
  device_cgroup_rules: refused("devices", isolation, withoutHint),
  gpus: refused("devices", isolation, withoutHint),
  runtime: refused("runtime", hardened, withoutHint),
  network_mode: refused("network-mode", "leaves the preview's own networks", ownNetworks),
  pid: refused("host-namespace", isolation, withoutHint),
  ipc: refused("host-namespace", isolation, withoutHint),
  uts: refused("host-namespace", isolation, withoutHint),
  userns_mode: refused("host-namespace", isolation, withoutHint),
  cgroup: refused("host-namespace", isolation, withoutHint),
  cgroup_parent: refused("host-namespace", isolation, withoutHint),
  volumes_from: refused("foreign-volumes", "mounts another container's files", "Name the volume in both services."),
  external_links: refused("external-links", "reaches containers outside the preview", ownNetworks),
  credential_spec: refused("credential-spec", isolation, withoutHint),
  use_api_socket: refused(
    "docker-socket",
    "gives the container the engine's socket: a preview never gets it",
    withoutHint,
  ),
  provider: refused("provider", "runs a program on the host", withoutHint),
  ...laterKeys(
    `extends links extra_hosts dns dns_opt dns_search ulimits sysctls domainname mac_address group_add annotations
    label_file configs models post_start pre_stop isolation blkio_config cpu_count cpu_percent cpu_period
    cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpuset mem_swappiness memswap_limit oom_kill_disable
    oom_score_adj storage_opt`.split(/\s+/),
  ),
};

const networks = only({
  internal: honored,
  driver: unless(["bridge", "default"], refused("network-driver", "is not bridge", ownNetworks)),
  name: rewritten("name", "is dropped: every preview has networks of its own", ownSettings),
  labels: rewritten("labels", "are not carried over to networks", ownSettings),
  attachable: rewritten("attachable", "is not used in a preview", ownSettings),
  ipam: rewritten("fixed-address", "is dropped: subnets are ours", ownSettings),
  external: unless([false], refused("external-network", "reaches outside the preview", ownNetworks)),
  driver_opts: later,
  enable_ipv4: later,
  enable_ipv6: later,
});

const fileRules: Record<string, Rule> = {
  networks: each(networks),
  volumes: each(only(volumeRules)),
  name: rewritten("name", "is dropped: the project is the preview's", ownSettings),
  version: honored, // without meaning since Compose 2
  include: later,
  secrets: each(declaredSecretRule),
  configs: later,
  models: later,
};

/**
 * Judges a merged canonical model: honored in silence, rewritten or refused with a finding at its place. What it does
 * not know, it refuses.
 */
export function police(model: YamlNode, registries: OperatorRegistries): Finding[] {
  const service = only({ image: imageRule(registries), ...serviceRules });
  const file = only({ services: each(service), ...fileRules });
  return file({ key: model.place, node: model, path: [] });
}

function laterKeys(names: readonly string[]): Record<string, Rule> {
  return Object.fromEntries(names.map((name) => [name, later]));
}
