import { describe, expect, test } from "vitest";
import { renderCompose } from "./fixtures.ts";

/** One service with one line more; the line stands at 4:5. */
function service(line: string, rest = "") {
  return renderCompose(`services:\n  web:\n    image: node:24\n    ${line}\n    ports: [3000]\n${rest}`);
}

const told = (output: ReturnType<typeof renderCompose>) =>
  output.findings.map((finding) => `${finding.line}:${finding.column} ${finding.action} ${finding.code}`);

describe("a service's key is refused", () => {
  test.each([
    ["privileged: true", "4:5", "privileged"],
    ["cap_add: [SYS_ADMIN]", "4:15", "cap-add"],
    ["cap_add: [CHOWN, cap_net_admin]", "4:22", "cap-add"],
    ["cap_add: [ALL]", "4:15", "cap-add"],
    ["devices: [/dev/kvm]", "4:5", "devices"],
    ["device_cgroup_rules: [c 1:3 mr]", "4:5", "devices"],
    ["gpus: all", "4:5", "devices"],
    ["deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }", "4:44", "devices"],
    ["runtime: nvidia", "4:5", "runtime"],
    ["network_mode: host", "4:5", "network-mode"],
    ["network_mode: service:db", "4:5", "network-mode"],
    ["network_mode: container:other", "4:5", "network-mode"],
    ["pid: host", "4:5", "host-namespace"],
    ["ipc: host", "4:5", "host-namespace"],
    ["uts: host", "4:5", "host-namespace"],
    ["userns_mode: host", "4:5", "host-namespace"],
    ["cgroup: host", "4:5", "host-namespace"],
    ["cgroup_parent: /x", "4:5", "host-namespace"],
    ["volumes_from: [db]", "4:5", "foreign-volumes"],
    ["external_links: [other]", "4:5", "external-links"],
    ["credential_spec: { file: x }", "4:5", "credential-spec"],
    ["use_api_socket: true", "4:5", "docker-socket"],
    ["provider: { type: model }", "4:5", "provider"],
    ["labels: { dev.mayfly.preview: x }", "4:15", "reserved-label"],
    ["labels: [com.docker.compose.project=x]", "4:14", "reserved-label"],
    ["volumes: [/var/run/docker.sock:/var/run/docker.sock]", "4:15", "docker-socket"],
    ["volumes: [{ type: bind, source: /run/docker.sock, target: /x }]", "4:15", "docker-socket"],
    ["volumes: [/srv/data:/data]", "4:15", "host-path"],
    ["volumes: [/:/host:ro]", "4:15", "host-path"],
    ["volumes: [~/.ssh:/ssh]", "4:15", "host-path"],
    ["volumes: [../other:/x]", "4:15", "host-path"],
    ["volumes: [./a/../../etc:/x]", "4:15", "host-path"],
    ["volumes: [{ type: bind, source: ./src, target: /s, bind: { create_host_path: false } }]", "4:15", "file-missing"],
    ["volumes: [{ type: npipe, source: x, target: /x }]", "4:15", "mount-type"],
    ["volumes: [{ type: image, source: x, target: /x }]", "4:15", "mount-type"],
    ["volumes: [{ type: volume, target: /x, volume: { subpath: ../y } }]", "4:62", "path-outside"],
    ["volumes: [{ type: volume, target: /x, volume: { subpath: /y } }]", "4:62", "path-outside"],
    ["env_file: ../../etc/passwd", "4:15", "path-outside"],
    ["env_file: [/proc/self/environ]", "4:16", "path-outside"],
    ["image: mayfly.local/7/team:0123", "4:12", "own-image"],
    ["image: MAYFLY.local/7/team:0123", "4:12", "own-image"],
    ["image: docker.io/mayfly.local/7/team:0123", "4:12", "own-image"],
    ["image: index.docker.io/library/mayfly.local", "4:12", "own-image"],
    ["image: mayfly.local:5000/7/team", "4:12", "own-image"],
    ["image: 'mayfly%2Elocal/7/team'", "4:12", "image-name"],
    ["image: '%66b5e0f7'", "4:12", "image-name"],
    ["image: 'node:24?x=1'", "4:12", "image-name"],
    ["image: 'node#x'", "4:12", "image-name"],
    ["image: ../node", "4:12", "image-name"],
    ["image: a//b", "4:12", "image-name"],
    ["image: Node", "4:12", "image-name"],
    ["image: 'node:'", "4:12", "image-name"],
    ["image: 127.0.0.1:5000/x", "4:12", "private-registry"],
    ["image: localhost/x", "4:12", "private-registry"],
    ["image: registry:5000/x", "4:12", "private-registry"],
    ["image: 169.254.169.254/x", "4:12", "private-registry"],
    ["image: sha256:0123456789abcdef", "4:12", "image-id"],
    ["image: deadbeef", "4:12", "image-id"],
    ["build: { context: ., ssh: [default] }", "4:26", "build-ssh"],
    ["build: { context: ., network: host }", "4:26", "build-network"],
    ["build: { context: ., entitlements: [security.insecure] }", "4:26", "build-entitlements"],
    ["build: { context: ., privileged: true }", "4:26", "build-entitlements"],
    ["build: { context: ., network: container:db }", "4:26", "build-network"],
    ["build: { context: ., isolation: hyperv }", "4:26", "build-entitlements"],
    ["build: { context: ., additional_contexts: { a: / } }", "4:52", "path-outside"],
    ["build: { context: ., additional_contexts: { a: ../b } }", "4:52", "path-outside"],
    ["build: { context: ., additional_contexts: [a=~/b] }", "4:48", "path-outside"],
    ["build: { context: ., additional_contexts: { a: 'https://a.example/b.tar' } }", "4:52", "remote-context"],
    ["build: { context: ., additional_contexts: { a: 'git@github.com:a/b' } }", "4:52", "remote-context"],
    ["build: { context: ., additional_contexts: { a: 'oci-layout://b@sha256:0' } }", "4:52", "remote-context"],
    ["build: { context: ., additional_contexts: { a: 'local:b' } }", "4:52", "remote-context"],
    ["build: { context: ., additional_contexts: { 'a::linux/arm64': . } }", "4:49", "context-name"],
    ["build: { context: ., additional_contexts: { a: 'docker-image://mayfly.local/7/team:x' } }", "4:52", "own-image"],
    [
      "build: { context: ., additional_contexts: { a: 'docker-image://localhost:5000/x' } }",
      "4:52",
      "private-registry",
    ],
    ["build: { context: ., additional_contexts: { a: 'docker-image://deadbeef' } }", "4:52", "image-id"],
    ["build: { context: ., extra_hosts: ['a:host-gateway'] }", "4:40", "host-gateway"],
    ["build: { context: ., extra_hosts: ['a\"b:1.2.3.4'] }", "4:40", "host-gateway"],
    ["build: { context: ., args: { BUILDKIT_SYNTAX: evil } }", "4:34", "build-arg"],
    ["build: { context: ., args: [buildkit_multi_platform=1] }", "4:33", "build-arg"],
    ["build: https://github.com/acme/shop.git", "4:12", "remote-context"],
    ["build: git@github.com:acme/shop", "4:12", "remote-context"],
    ["build: ../other", "4:12", "path-outside"],
    ["build: /etc", "4:12", "path-outside"],
    ["build: { context: ., dockerfile: ../Dockerfile }", "4:38", "path-outside"],
    ["build: { context: ., dockerfile: /etc/passwd }", "4:38", "path-outside"],
    ["build: { contxt: . }", "4:14", "unknown-key"],
    ["extends: { file: 'git@github.com:acme/shop.git', service: web }", "4:22", "remote-file"],
    ["extra_hosts: [a:b]", "4:19", "invalid-value"],
    ["dns: [resolver]", "4:11", "invalid-value"],
    ["label_file: ../a", "4:17", "path-outside"],
    ["post_start: [{ command: x }]", "4:5", "hook"],
    ["comand: x", "4:5", "unknown-key"],
    ["constructor: x", "4:5", "unknown-key"],
    ["healthcheck: { tests: x }", "4:20", "unknown-key"],
    ["depends_on: { db: { condition: service_started, when: x } }", "4:53", "unknown-key"],
    ["restart: sometimes", "4:14", "invalid-value"],
  ])("%s", (line, place, code) => {
    const text = `services:\n  web:\n    ${line.startsWith("image:") ? "tty: true" : "image: node:24"}\n    ${line}\n  db: { image: postgres }\n`;
    const output = renderCompose(text, { Dockerfile: "FROM node:24\n" });
    expect(told(output)).toContain(`${place} refuse ${code}`);
    expect(output.stack).toBeNull();
    expect(output.model).toMatchObject({ services: { web: {} } });
    for (const finding of output.findings) {
      expect(finding.file).toBe("compose.yaml");
      expect(finding.message).not.toBe("");
      expect(finding.hint).not.toBe("");
    }
  });
});

describe("outside of services", () => {
  test.each([
    ["volumes:\n  own:\n    driver_opts: { type: none, o: bind, device: / }", "11:5", "volume-driver-opts"],
    ["volumes:\n  own:\n    driver: nfs", "11:5", "volume-driver"],
    ["networks:\n  own:\n    driver: host", "11:5", "network-driver"],
    ["secrets:\n  own:\n    file: /etc/shadow", "11:11", "host-path"],
    ["secrets:\n  own:\n    file: ../shadow", "11:11", "host-path"],
    ["configs:\n  own:\n    file: /etc/shadow", "11:11", "host-path"],
    ["configs:\n  own:\n    external: true", "11:5", "external-config"],
    ["include: [oci://registry.example.com/other]", "9:11", "remote-file"],
    ["include: [{ path: [https://github.com/acme/shop.git] }]", "9:20", "remote-file"],
    ["servces: {}", "9:1", "unknown-key"],
  ])("%j is refused", (text, place, code) => {
    const sections = Object.entries({
      volumes: "",
      networks: "",
      secrets: "environment: X",
      configs: "content: x",
    }).map(([section, own]) => (text.startsWith(section) ? "" : `${section}: { own: { ${own} } }\n`));
    const output = renderCompose(
      `services:\n  web:\n    image: node:24\n    volumes: [own:/x]\n    networks: [own]\n    secrets: [own]\n    configs: [own]\n    ports: [3000]\n${text}\n${sections.join("")}`,
    );
    expect(told(output)).toEqual([`${place} refuse ${code}`]);
    expect(output.stack).toBeNull();
  });

  test("what no service uses is not made, and not judged", () => {
    const output = service(
      "tty: true",
      "volumes: { x: { driver_opts: { device: / } } }\nnetworks: { x: { driver: host } }\n",
    );
    expect(told(output)).toEqual([]);
    expect(output.stack?.volumes).toEqual([]);
  });
});

describe("a service's key is done otherwise", () => {
  test.each([
    ['ports: ["8080:80"]', "4:13", "port-published"],
    ["container_name: web1", "4:5", "container-name"],
    ["platform: linux/amd64", "4:5", "platform"],
    ["pull_policy: always", "4:5", "pull-policy"],
    ["scale: 3", "4:5", "one-replica"],
    ["deploy: { replicas: 3 }", "4:15", "one-replica"],
    ["deploy: { mode: global }", "4:15", "deploy"],
    ["deploy: { resources: { reservations: { cpus: 1 } } }", "4:44", "reservation"],
    ["deploy: { restart_policy: { condition: any, window: 1s } }", "4:49", "deploy"],
    ["cap_add: [SYS_NICE]", "4:15", "capability-left-out"],
    ["security_opt: [seccomp=unconfined]", "4:20", "security-opt"],
    ["security_opt: [no-new-privileges:true, no-new-privileges:false]", "4:44", "security-opt"],
    ["sysctls: { net.core.somaxconn: 1, vm.max_map_count: 262144 }", "4:39", "sysctl"],
    ["sysctls: { net.ipv4./../kernel.foreign: 1 }", "4:16", "sysctl"],
    ["ulimits: { nofile: 2000000 }", "4:24", "ulimit-capped"],
    ["ulimits: { core: { soft: 0, hard: -1 } }", "4:22", "ulimit-capped"],
    ["ulimits: { rtprio: 99 }", "4:16", "ulimit-left-out"],
    ["extra_hosts: ['host.docker.internal:host-gateway']", "4:19", "host-gateway"],
    ["network_mode: bridge", "4:19", "network-mode"],
    ["cpu_shares: 4096", "4:17", "cpu-shares-capped"],
    ["networks: { default: { gw_priority: 1 } }", "4:28", "network-options"],
    ["logging: { driver: syslog }", "4:5", "logging"],
    ["labels: { traefik.enable: true, a: b }", "4:5", "labels"],
    ["stop_grace_period: 10m", "4:24", "grace-capped"],
    ["tmpfs: [/run:dev]", "4:13", "tmpfs-options"],
    ["volumes: [/etc/localtime:/etc/localtime:ro]", "4:15", "host-clock"],
    ["networks: { default: { ipv4_address: 10.0.0.2 } }", "4:28", "fixed-address"],
    ["networks: { default: { driver_opts: { a: b } } }", "4:28", "network-options"],
    ["storage_opt: { size: 1G }", "4:5", "storage"],
    ["oom_score_adj: -900", "4:20", "oom-score"],
  ])("%s", (line, place, code) => {
    const output = renderCompose(`services:\n  web:\n    image: node:24\n    ${line}\n    x-note: it still runs\n`, {
      ".mayfly.yaml": "routes: { web: 80 }",
    });
    expect(told(output)).toEqual([`${place} rewrite ${code}`]);
    expect(output.stack?.services).toHaveLength(1);
  });

  test("and names of projects, networks and volumes", () => {
    const output = service(
      "networks: [net]\n    volumes: [own:/v]",
      "name: mine\nnetworks: { net: { name: n, ipam: { driver: x } } }\nvolumes: { own: { name: other } }\n",
    );
    expect(told(output)).toEqual([
      "7:1 rewrite name",
      "8:20 rewrite name",
      "8:29 rewrite fixed-address",
      "9:19 rewrite name",
    ]);
  });
});

describe("everything honored passes in silence", () => {
  test("in one service", () => {
    const output = renderCompose(`
x-any: { thing: 1 }
version: "3.9"
services:
  web:
    build: { context: ., dockerfile: Dockerfile, target: run, args: { A: 1 } }
    environment: { A: 1 }
    command: [a]
    entrypoint: a b
    ports: ["3000"]
    expose: [4000]
    depends_on: { db: { condition: service_healthy, required: true } }
    healthcheck: { test: x, interval: 1s, timeout: 1s, retries: 1, start_period: 1s, start_interval: 100ms, disable: false }
    volumes: ["data:/data:ro", /anonymous, { type: tmpfs, target: /tmp, tmpfs: { size: 1m, mode: 511 } }, { type: volume, source: data, target: /sub, volume: { nocopy: true, subpath: a/b } }]
    tmpfs: "/run:size=64m,mode=755,noexec"
    networks: { back: { aliases: [w], priority: 10 } }
    user: "1000"
    working_dir: /app
    hostname: web
    init: true
    tty: true
    stdin_open: true
    read_only: true
    privileged: false
    stop_signal: SIGINT
    stop_grace_period: 5s
    restart: unless-stopped
    cap_drop: [ALL]
    cap_add: [CAP_CHOWN, net_bind_service]
    security_opt: ["no-new-privileges:true"]
    sysctls: { net.ipv4.ip_unprivileged_port_start: 0 }
    ulimits: { nofile: 1024, nproc: { soft: 1, hard: -1 } }
    extra_hosts: ["a=1.2.3.4", "b:::1"]
    dns: [1.1.1.1]
    dns_search: [example.com]
    dns_opt: ["ndots:1"]
    domainname: example.com
    group_add: [audio, 1000]
    links: ["db:database"]
    oom_score_adj: 500
    cpu_shares: 512
    cpu_quota: 50000
    mem_reservation: 64m
    shm_size: 64m
    mem_limit: 256m
    cpus: 0.5
    pids_limit: 100
    deploy: { replicas: 1, resources: { limits: { cpus: "0.5", memory: 256M, pids: 100 } } }
    develop: { watch: [] }
  db: { image: "postgres:17", networks: [back] }
  debug: { image: adminer, profiles: [tools], privileged: true }
networks: { back: { internal: true, driver: bridge } }
volumes: { data: {} }
`);
    expect(output.findings).toEqual([]);
    expect(output.stack?.services.map((service) => service.name)).toEqual(["web", "db"]);
  });

  test("and all that is wrong is told at once, through anchors at the anchor's place", () => {
    const output = renderCompose(`x-base: &base
  privileged: true
  pid: host
services:
  web: { <<: *base, image: node:24, ports: [3000] }
  api: { <<: *base, image: node:24, cap_add: [ALL] }
`);
    expect(told(output).toSorted()).toEqual([
      "2:3 refuse privileged",
      "2:3 refuse privileged",
      "3:3 refuse host-namespace",
      "3:3 refuse host-namespace",
      "6:47 refuse cap-add",
    ]);
  });

  test("but more services than allowed do not", () => {
    const many = Array.from({ length: 31 }, (_, index) => `  s${index}: { image: node:24 }`).join("\n");
    const output = renderCompose(`services:\n${many}\n`, { ".mayfly.yaml": "routes: { s0: 80 }" });
    expect(told(output)).toEqual(["2:3 refuse too-many-services"]);
  });
});
