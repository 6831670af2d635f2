/**
 * Everything that the table honors without a word, as a hostile branch would write it: names of others, paths that
 * climb, far too much of everything. Nothing of it may lead out of the preview.
 */
export const honoredFixture: Readonly<Record<string, string>> = {
  "compose.yaml": `
version: "3.9"
include:
  - { path: [ more/compose.yaml ], project_directory: more, env_file: [ more/.env ] }
services:
  web:
    build:
      context: .
      dockerfile: Dockerfile
      target: run
      args: { A: /var/lib/docker }
      no_cache: true
      pull: true
      shm_size: 1t
      extra_hosts: [ a=10.0.0.1 ]
      ulimits: { nofile: { soft: 9999999, hard: 9999999 } }
      secrets: [ { source: own } ]
    command: [ sh, -c, cat /etc/shadow ]
    entrypoint: [ /bin/sh ]
    environment: { DOCKER_HOST: "tcp://10.0.0.1:2375" }
    env_file: [ { path: web.env, required: true } ]
    user: "0"
    group_add: [ docker ]
    working_dir: /../../..
    hostname: other-preview
    domainname: preview.example.com
    init: true
    tty: true
    stdin_open: true
    read_only: false
    attach: true
    stop_signal: SIGSTOP
    cap_drop: [ ALL ]
    expose: [ 2375 ]
    ports: [ { target: 3000, published: "80", host_ip: 10.0.0.1, protocol: tcp, mode: host, name: x, app_protocol: http } ]
    depends_on: { db: { condition: service_started, required: false } }
    links: [ db:gateway.docker.internal ]
    dns_search: [ internal ]
    dns_opt: [ "ndots:15" ]
    healthcheck: { test: [ CMD, "true" ], interval: 1s, timeout: 1s, retries: 1, start_period: 1s, start_interval: 1s, disable: false }
    networks: { own: { aliases: [ mayfly, registry ], priority: 1000 } }
    volumes:
      - { type: volume, source: data, target: /proc/x, read_only: true, consistency: cached, volume: { nocopy: true } }
      - { type: tmpfs, target: /dev/shm, tmpfs: { size: 1t, mode: 0777 } }
      - { type: bind, source: ./src, target: /etc, bind: { create_host_path: true, recursive: enabled } }
    configs: [ { source: text, target: /etc/passwd, mode: 04777 }, { source: value }, { source: file } ]
    secrets: [ { source: own, mode: 0777 }, { source: theirs } ]
    shm_size: 1t
    mem_limit: 1t
    mem_reservation: 1t
    cpus: 1000
    cpu_period: 100000
    cpu_quota: 100000000
    pids_limit: -1
    ulimits: { nproc: { soft: 1, hard: 1 } }
    develop: { watch: [ { action: sync, path: /, target: / } ] }
    profiles: []
    deploy:
      resources: { limits: { cpus: "1000", memory: 1t, pids: -1 }, reservations: { memory: 1t } }
      restart_policy: { condition: on-failure, max_attempts: 9 }
  copy: { extends: { file: more/base.yaml, service: base } }
  db: { image: "postgres:17", networks: [ own ] }
networks: { own: { internal: false } }
volumes: { data: {} }
configs: { text: { content: "root::0:0::/:/bin/sh" }, value: { environment: A }, file: { file: ./src/index.js } }
secrets: { own: { environment: DOCKER_AUTH_CONFIG }, theirs: { external: true, name: GITHUB_TOKEN } }
`,
  "more/compose.yaml": "services:\n  inner:\n    build: { dockerfile_inline: FROM node, context: . }\n",
  "more/base.yaml": "services:\n  base: { image: node:24 }\n",
  "more/.env": "A=1\n",
  "web.env": "PATH=/x\n",
  Dockerfile: "FROM node:24 AS run\n",
  "src/index.js": "",
  ".env": "A=1\n",
  ".mayfly.yaml": "routes: { web: 3000 }\n",
};
