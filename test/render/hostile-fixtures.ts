/** What is written of the service `web`, in flow style, and what stands beside `services`. */
export type Fixture = [code: string, web: string, rest?: string, more?: { fork?: true; allow?: true }];

const build = (keys: string) => `build: { context: ., ${keys} }`;
const bind = (keys: string) => `volumes: [ { type: bind, source: ./src, target: /x, ${keys} } ]`;
const volume = (keys: string) => `volumes: [ { type: volume, source: data, target: /x, ${keys} } ]`;
const one = (section: string, keys: string): [string, string] => [
  {
    networks: "networks: [ own ]",
    volumes: "volumes: [ own:/x ]",
    secrets: "secrets: [ own ]",
    configs: "configs: [ own ]",
  }[section] ?? "",
  `${section}: { own: { ${keys} } }`,
];

/**
 * For each row of the policy's table, what a hostile (or only careless) branch writes there: once for each case that the
 * row tells apart. What must not come through has `foreign`, `/outside` or the engine's socket in it.
 */
export const hostileFixtures: Readonly<Record<string, readonly Fixture[]>> = {
  name: [["name", "", "name: foreign"]],
  models: [["models", "models: [ m ]", "models: { m: { model: ai/foreign } }"]],
  "include.*.path": [
    ["remote-file", "", "include: [ { path: https://foreign.example/compose.yaml } ]"],
    ["remote-file", "", "include: [ { path: oci://foreign.example/stack } ]"],
  ],

  "services.*.image": [
    ["own-image", "image: mayfly.local/foreign/team:abc"],
    ["own-image", "image: docker.io/MAYFLY.local/foreign:abc"],
    ["image-id", "image: f0e1d2c3b4a5"],
    ["image-name", "image: 'foreign%2Fimage'"],
    ["closed-registry", "image: ghcr.io/foreign/team", "", { fork: true }],
    ["private-registry", "image: 127.0.0.1:5000/foreign"],
    ["private-registry", "image: 169.254.169.254/foreign"],
  ],
  "services.*.pull_policy": [["pull-policy", "pull_policy: always"]],
  "services.*.pull_refresh_after": [["pull-policy", "pull_refresh_after: 1h"]],
  "services.*.platform": [["platform", "platform: foreign/arm64"]],
  "services.*.env_file.*": [
    ["path-outside", "env_file: [ /proc/self/environ ]"],
    ["path-outside", "env_file: [ ../../outside.env ]"],
    ["path-outside", "env_file: [ { path: /dev/zero, required: false } ]"],
  ],
  "services.*.env_file.*.format": [["unknown-format", "env_file: [ { path: web.env, format: foreign } ]"]],
  "services.*.label_file.*": [["path-outside", "label_file: ../../outside.labels"]],
  "services.*.extends.file": [["remote-file", "extends: { file: https://foreign.example/x.yaml, service: x }"]],
  "services.*.container_name": [["container-name", "container_name: other-preview-web-1"]],
  "services.*.ports.*": [["port-published", 'ports: [ "0.0.0.0:80:3000" ]']],
  "services.*.depends_on.*.restart": [
    ["depends-restart", "depends_on: { db: { condition: service_started, restart: true } }"],
  ],
  "services.*.restart": [["invalid-value", "restart: foreign"]],
  "services.*.stop_grace_period": [["grace-capped", "stop_grace_period: 90h"]],
  "services.*.labels": [["labels", "labels: { traefik.http.routers.foreign.rule: Host(`x`) }"]],
  "services.*.labels.*": [
    ["reserved-label", "labels: { dev.mayfly.preview: foreign }"],
    ["reserved-label", "labels: [ com.docker.compose.project=foreign ]"],
  ],
  "services.*.annotations": [["labels", "annotations: { io.foreign.runtime: x }"]],
  "services.*.logging": [["logging", "logging: { driver: syslog, options: { syslog-address: tcp://foreign } }"]],
  "services.*.models": [["models", "models: [ m ]", "models: { m: { model: ai/foreign } }"]],
  "services.*.post_start": [["hook", "post_start: [ { command: id, privileged: true } ]"]],
  "services.*.pre_stop": [["hook", "pre_stop: [ { command: id, user: root } ]"]],
  "services.*.pre_start": [["hook", "pre_start: [ { command: id, image: foreign, user: root } ]"]],

  "services.*.privileged": [["privileged", "privileged: true"]],
  "services.*.cap_add.*": [
    ["capability-left-out", "cap_add: [ SYS_NICE ]"],
    ["widened", "cap_add: [ SYS_PTRACE ]", "", { allow: true }],
    ["cap-add", "cap_add: [ SYS_PTRACE ]"],
    ["cap-add", "cap_add: [ cap_sys_admin ]"],
    ["cap-add", "cap_add: [ ALL ]"],
  ],
  "services.*.security_opt.*": [
    ["security-opt", "security_opt: [ seccomp=unconfined ]"],
    ["security-opt", "security_opt: [ no-new-privileges=false ]"],
    ["security-opt", "security_opt: [ 'seccomp:/outside/profile.json' ]"],
  ],
  "services.*.sysctls.*": [["sysctl", "sysctls: { kernel.foreign: 1 }"]],
  "services.*.ulimits.*": [
    ["ulimit-left-out", "ulimits: { rtprio: 99 }"],
    ["ulimit-capped", "ulimits: { nofile: { soft: 1024, hard: 999999999 } }"],
  ],
  "services.*.oom_score_adj": [["oom-score", "oom_score_adj: -1000"]],
  "services.*.cpu_shares": [["cpu-shares-capped", "cpu_shares: 262144"]],
  "services.*.devices": [["devices", "devices: [ /dev/sda:/outside ]"]],
  "services.*.device_cgroup_rules": [["devices", "device_cgroup_rules: [ 'b *:* rwm' ]"]],
  "services.*.gpus": [["devices", "gpus: all"]],
  "services.*.runtime": [["runtime", "runtime: foreign"]],
  "services.*.pid": [
    ["host-namespace", "pid: host"],
    ["host-namespace", "pid: container:foreign"],
  ],
  "services.*.ipc": [["host-namespace", "ipc: container:foreign"]],
  "services.*.uts": [["host-namespace", "uts: host"]],
  "services.*.userns_mode": [["host-namespace", "userns_mode: host"]],
  "services.*.cgroup": [["host-namespace", "cgroup: host"]],
  "services.*.cgroup_parent": [["host-namespace", "cgroup_parent: /foreign"]],
  "services.*.volumes_from": [["foreign-volumes", "volumes_from: [ 'container:foreign' ]"]],
  "services.*.credential_spec": [["credential-spec", "credential_spec: { file: outside.json }"]],
  "services.*.use_api_socket": [["docker-socket", "use_api_socket: true"]],
  "services.*.provider": [["provider", "provider: { type: foreign }"]],
  "services.*.isolation": [["isolation", "isolation: hyperv"]],

  "services.*.network_mode": [
    ["network-mode", "network_mode: bridge"],
    ["network-mode", "network_mode: host"],
    ["network-mode", "network_mode: 'container:foreign'"],
    ["network-mode", "network_mode: foreign_default"],
  ],
  "services.*.networks.*.driver_opts": [
    ["network-options", "networks: { default: { driver_opts: { com.docker.network.endpoint.sysctls: foreign } } }"],
  ],
  "services.*.networks.*.gw_priority": [["network-options", "networks: { default: { gw_priority: 9 } }"]],
  "services.*.networks.*.interface_name": [["network-options", "networks: { default: { interface_name: foreign0 } }"]],
  "services.*.networks.*.ipv4_address": [["fixed-address", "networks: { default: { ipv4_address: 10.213.0.2 } }"]],
  "services.*.networks.*.ipv6_address": [["fixed-address", 'networks: { default: { ipv6_address: "fd00::2" } }']],
  "services.*.networks.*.link_local_ips": [
    ["fixed-address", "networks: { default: { link_local_ips: [ 169.254.1.1 ] } }"],
  ],
  "services.*.networks.*.mac_address": [
    ["fixed-address", "networks: { default: { mac_address: '02:42:0a:00:00:02' } }"],
  ],
  "services.*.mac_address": [["fixed-address", "mac_address: '02:42:0a:00:00:02'"]],
  "services.*.external_links": [["external-links", "external_links: [ foreign:db ]"]],
  "services.*.extra_hosts.*": [
    ["host-gateway", "extra_hosts: [ 'host.docker.internal:host-gateway' ]"],
    ["invalid-value", "extra_hosts: [ 'a=foreign' ]"],
  ],
  "services.*.dns.*": [["invalid-value", "dns: [ foreign.example ]"]],
  "networks.*.driver": [
    ["network-driver", ...one("networks", "driver: overlay")],
    ["network-driver", ...one("networks", "driver: host")],
    ["network-driver", ...one("networks", "driver: macvlan")],
  ],
  "networks.*.name": [["name", ...one("networks", "name: foreign_default")]],
  "networks.*.labels": [["labels", ...one("networks", "labels: { dev.mayfly.preview: foreign }")]],
  "networks.*.attachable": [["network-options", ...one("networks", "attachable: true")]],
  "networks.*.ipam": [["fixed-address", ...one("networks", "ipam: { config: [ { subnet: 10.213.0.0/16 } ] }")]],
  "networks.*.external": [["external-network", ...one("networks", "external: true, name: foreign_default")]],
  "networks.*.driver_opts": [
    ["network-options", ...one("networks", "driver_opts: { com.docker.network.bridge.name: foreign0 }")],
  ],
  "networks.*.enable_ipv4": [["network-options", ...one("networks", "enable_ipv4: false")]],
  "networks.*.enable_ipv6": [["network-options", ...one("networks", "enable_ipv6: true")]],

  "services.*.volumes.*": [
    ["docker-socket", "volumes: [ /var/run/docker.sock:/var/run/docker.sock:ro ]"],
    ["docker-socket", "volumes: [ /var/run/../run/docker.sock:/x ]"],
    ["docker-socket", "volumes: [ { type: bind, source: /run/containerd/containerd.sock, target: /x } ]"],
    ["host-clock", "volumes: [ /etc/localtime:/etc/localtime:ro ]"],
    ["host-path", "volumes: [ /outside:/x ]"],
    ["host-path", "volumes: [ /:/host ]"],
    ["host-path", "volumes: [ ~/.ssh:/x ]"],
    ["host-path", "volumes: [ ./src/../../outside:/x ]"],
    ["host-path", "volumes: [ { type: bind, source: /etc/localtime/../shadow, target: /x } ]"],
    ["mount-type", "volumes: [ { type: npipe, source: foreign, target: /x } ]"],
    ["mount-type", "volumes: [ { type: cluster, source: foreign, target: /x } ]"],
    ["mount-type", "volumes: [ { type: image, source: mayfly.local/foreign, target: /x } ]"],
  ],
  "services.*.volumes.*.bind.propagation": [["bind-propagation", bind("bind: { propagation: rshared }")]],
  "services.*.volumes.*.bind.selinux": [["bind-options", bind("bind: { selinux: Z }")]],
  "services.*.volumes.*.image": [["mount-type", volume("image: { subpath: foreign }"), "volumes: { data: {} }"]],
  "services.*.volumes.*.volume.labels": [
    ["labels", volume("volume: { labels: { a: foreign } }"), "volumes: { data: {} }"],
  ],
  "services.*.volumes.*.volume.subpath": [
    ["path-outside", volume("volume: { subpath: ../../outside }"), "volumes: { data: {} }"],
  ],
  "services.*.tmpfs.*": [
    ["invalid-value", "tmpfs: [ foreign ]"],
    ["tmpfs-options", "tmpfs: [ '/run:foreign' ]"],
  ],
  "volumes.*.driver": [["volume-driver", ...one("volumes", "driver: foreign")]],
  "volumes.*.driver_opts": [
    ["volume-driver-opts", ...one("volumes", "driver_opts: { type: none, o: bind, device: /outside }")],
    [
      "volume-driver-opts",
      ...one("volumes", "driver: local, driver_opts: { type: nfs, o: addr=10.0.0.1, device: ':/x' }"),
    ],
  ],
  "volumes.*.external": [["external-volume", ...one("volumes", "external: true, name: foreign_pgdata")]],
  "volumes.*.name": [["name", ...one("volumes", "name: foreign_pgdata")]],
  "volumes.*.labels": [["labels", ...one("volumes", "labels: { dev.mayfly.preview: foreign }")]],

  "services.*.secrets.*.target": [
    [
      "secret-target",
      "secrets: [ { source: own, target: ../../etc/outside } ]",
      "secrets: { own: { environment: OWN } }",
    ],
  ],
  "services.*.secrets.*.uid": [
    ["invalid-value", "secrets: [ { source: own, uid: foreign } ]", "secrets: { own: { environment: OWN } }"],
  ],
  "services.*.secrets.*.gid": [
    ["invalid-value", "secrets: [ { source: own, gid: foreign } ]", "secrets: { own: { environment: OWN } }"],
  ],
  "services.*.configs.*.target": [
    ["config-target", "configs: [ { source: own, target: /etc/../../outside } ]", "configs: { own: { content: x } }"],
  ],
  "services.*.configs.*.uid": [
    ["invalid-value", "configs: [ { source: own, uid: foreign } ]", "configs: { own: { content: x } }"],
  ],
  "services.*.configs.*.gid": [
    ["invalid-value", "configs: [ { source: own, gid: foreign } ]", "configs: { own: { content: x } }"],
  ],
  "secrets.*": [["secret-name", ...one("secrets", "external: true, name: ../foreign")]],
  "secrets.*.file": [
    ["secret-file", ...one("secrets", "environment: OWN, file: ./src/foreign")],
    ["host-path", ...one("secrets", "file: /outside/shadow")],
    ["host-path", ...one("secrets", "file: ../outside")],
  ],
  "secrets.*.labels": [["labels", ...one("secrets", "environment: OWN, labels: { a: foreign }")]],
  "secrets.*.driver": [["swarm-only", ...one("secrets", "environment: OWN, driver: foreign")]],
  "secrets.*.driver_opts": [["swarm-only", ...one("secrets", "environment: OWN, driver_opts: { a: foreign }")]],
  "secrets.*.template_driver": [["swarm-only", ...one("secrets", "environment: OWN, template_driver: foreign")]],
  "configs.*.external": [["external-config", ...one("configs", "external: true, name: foreign")]],
  "configs.*.file": [["host-path", ...one("configs", "file: /outside/shadow")]],
  "configs.*.labels": [["labels", ...one("configs", "content: x, labels: { a: foreign }")]],
  "configs.*.name": [["name", ...one("configs", "content: x, name: foreign")]],
  "configs.*.template_driver": [["swarm-only", ...one("configs", "content: x, template_driver: foreign")]],

  "services.*.build.context": [
    ["remote-context", "build: https://foreign.example/x.git"],
    ["remote-context", "build: git@github.com:foreign/x"],
    ["path-outside", "build: /"],
    ["path-outside", "build: ../outside"],
  ],
  "services.*.build.dockerfile": [
    ["path-outside", build("dockerfile: /etc/outside")],
    ["path-outside", build("dockerfile: ../outside")],
  ],
  "services.*.build.additional_contexts.*": [
    ["remote-context", build("additional_contexts: { a: 'https://foreign.example/x.git' }")],
    ["path-outside", build("additional_contexts: { a: /outside }")],
    ["context-name", build("additional_contexts: { 'docker-image://foreign': ./src }")],
  ],
  "services.*.build.args.*": [["build-arg", build("args: { BUILDKIT_SYNTAX: foreign/frontend }")]],
  "services.*.build.no_cache_filter": [["build-cache", build("no_cache_filter: [ base ]")]],
  "services.*.build.cache_from": [["build-cache", build("cache_from: [ foreign/cache ]")]],
  "services.*.build.cache_to": [["build-cache", build("cache_to: [ 'type=local,dest=/outside' ]")]],
  "services.*.build.entitlements": [["build-entitlements", build("entitlements: [ security.insecure ]")]],
  "services.*.build.extra_hosts.*": [["host-gateway", build("extra_hosts: [ 'a=host-gateway' ]")]],
  "services.*.build.isolation": [["build-entitlements", build("isolation: hyperv")]],
  "services.*.build.labels": [["labels", build("labels: { dev.mayfly.repository: foreign }")]],
  "services.*.build.network": [
    ["build-network", build("network: host")],
    ["build-network", build("network: 'container:foreign'")],
  ],
  "services.*.build.platforms": [["platform", build("platforms: [ foreign/arm64 ]")]],
  "services.*.build.privileged": [["build-entitlements", build("privileged: true")]],
  "services.*.build.provenance": [["build-attestation", build("provenance: mode=max")]],
  "services.*.build.sbom": [["build-attestation", build("sbom: true")]],
  "services.*.build.ulimits.*": [
    ["ulimit-left-out", build("ulimits: { rtprio: 99 }")],
    ["ulimit-capped", build("ulimits: { nofile: { soft: 1024, hard: 999999999 } }")],
  ],
  "services.*.build.ssh": [
    ["build-ssh", build("ssh: [ default ]")],
    ["build-ssh", build("ssh: [ key=/outside/id_rsa ]")],
  ],
  "services.*.build.tags": [["build-tags", build("tags: [ foreign:latest ]")]],
  "services.*.build.secrets.*.target": [
    [
      "secret-target",
      build("secrets: [ { source: own, target: ../outside } ]"),
      "secrets: { own: { environment: OWN } }",
    ],
  ],
  "services.*.build.secrets.*.uid": [
    ["build-secret", build("secrets: [ { source: own, uid: '0' } ]"), "secrets: { own: { environment: OWN } }"],
  ],
  "services.*.build.secrets.*.gid": [
    ["build-secret", build("secrets: [ { source: own, gid: '0' } ]"), "secrets: { own: { environment: OWN } }"],
  ],
  "services.*.build.secrets.*.mode": [
    ["build-secret", build("secrets: [ { source: own, mode: 0777 } ]"), "secrets: { own: { environment: OWN } }"],
  ],

  "services.*.scale": [["one-replica", "scale: 999"]],
  "services.*.cpu_count": [["cpu-share", "cpu_count: 64"]],
  "services.*.cpu_percent": [["cpu-share", "cpu_percent: 100"]],
  "services.*.cpu_rt_period": [["cpu-share", "cpu_rt_period: 1000000"]],
  "services.*.cpu_rt_runtime": [["cpu-share", "cpu_rt_runtime: 950000"]],
  "services.*.cpuset": [["cpu-share", "cpuset: 0-63"]],
  "services.*.blkio_config": [
    ["blkio", "blkio_config: { weight: 1000, device_read_bps: [ { path: /dev/foreign, rate: 1 } ] }"],
  ],
  "services.*.mem_swappiness": [["memory-options", "mem_swappiness: 100"]],
  "services.*.memswap_limit": [["memory-options", "memswap_limit: -1"]],
  "services.*.oom_kill_disable": [["memory-options", "oom_kill_disable: true"]],
  "services.*.storage_opt": [["storage", "storage_opt: { size: 900G }"]],
  "services.*.deploy.replicas": [["one-replica", "deploy: { replicas: 999 }"]],
  "services.*.deploy.mode": [["deploy", "deploy: { mode: global }"]],
  "services.*.deploy.placement": [["deploy", "deploy: { placement: { constraints: [ node.hostname==foreign ] } }"]],
  "services.*.deploy.update_config": [["deploy", "deploy: { update_config: { parallelism: 9 } }"]],
  "services.*.deploy.rollback_config": [["deploy", "deploy: { rollback_config: { parallelism: 9 } }"]],
  "services.*.deploy.endpoint_mode": [["deploy", "deploy: { endpoint_mode: dnsrr }"]],
  "services.*.deploy.labels": [["deploy", "deploy: { labels: { traefik.foreign: x } }"]],
  "services.*.deploy.restart_policy.delay": [["deploy", "deploy: { restart_policy: { delay: 1s } }"]],
  "services.*.deploy.restart_policy.window": [["deploy", "deploy: { restart_policy: { window: 1s } }"]],
  "services.*.deploy.resources.reservations.cpus": [
    ["reservation", "deploy: { resources: { reservations: { cpus: '64' } } }"],
  ],
  "services.*.deploy.resources.reservations.pids": [
    ["reservation", "deploy: { resources: { reservations: { pids: 9 } } }"],
  ],
  "services.*.deploy.resources.reservations.devices": [
    ["devices", "deploy: { resources: { reservations: { devices: [ { capabilities: [ gpu ], count: all } ] } } }"],
  ],
  "services.*.deploy.resources.reservations.generic_resources": [
    [
      "devices",
      "deploy: { resources: { reservations: { generic_resources: [ { discrete_resource_spec: { kind: gpu, value: 1 } } ] } } }",
    ],
  ],
};
