import type { Project } from "../support/compose-oracle.ts";

type Files = Record<string, string>;

/** A project of one Compose file, beside others. */
const one = (text: string, files: Files = {}): Project => ({ files: { "compose.yaml": text, ...files } });

/** A project of several Compose files, in their order. */
const several = (...texts: string[]): Project => {
  const files = Object.fromEntries(texts.map((text, index) => [`${index}.yaml`, text]));
  return { files, compose: Object.keys(files) };
};

/** One service of two files. */
const merged = (base: string, over: string, rest = ""): Project =>
  several(`services:\n  web:\n    image: nginx\n    ${base}\n${rest}`, `services:\n  web:\n    ${over}\n${rest}`);

/** Files that Compose merges, by what they merge. */
export const mergeProjects: Record<string, Project> = {
  "a command over a command": merged("command: [a, b]", "command: c d"),
  "no command over a command": merged("command: [a, b]", "command:"),
  "an entrypoint over an entrypoint": merged("entrypoint: a", "entrypoint: []"),
  "nothing over an image": several("services: { web: { image: nginx } }", "services: { web: { image: } }"),
  "a list of variables over a map": merged("environment: { A: 1, B: 2 }", "environment: [B=3, C]"),
  "a variable without a value over one with": merged("environment: { A: 1 }", "environment: { A: }"),
  "labels over labels": merged("labels: [a=1, b]", "labels: { b: 2, c: }"),
  "annotations over annotations": merged("annotations: { a: x }", "annotations: [a=y, b=z]"),
  "ports over ports": merged('ports: ["8080:80", "9000"]', 'ports: ["8081:80", "9000", "127.0.0.1:8080:80"]'),
  "the same port in both forms": merged('ports: ["8080:80"]', 'ports: [{ target: 80, published: "8080" }]'),
  "a range over one of its ports": merged('ports: ["8081:81"]', 'ports: ["8080-8082:80-82"]'),
  "a port of all addresses": merged('ports: ["0.0.0.0:8080:80"]', 'ports: ["8080:80"]'),
  "ports of two protocols": merged('ports: ["53:53"]', 'ports: ["53:53/udp"]'),
  "mounts by their target": merged(
    "volumes: [data:/a, ./x:/b, /c]",
    "volumes: [other:/a:ro, { type: tmpfs, target: /b }]",
    "volumes: { data: , other: }\n",
  ),
  "secrets by their target": merged(
    "secrets: [one, { source: two, target: two }]",
    "secrets: [{ source: two, target: /run/secrets/one }, one]",
    "secrets: { one: { file: ./one }, two: { file: ./two } }\n",
  ),
  "configs by their target": merged(
    "configs: [one, { source: two, target: /etc/two }]",
    "configs: [{ source: one, target: /etc/two }]",
    "configs: { one: { file: ./one }, two: { content: two } }\n",
  ),
  "names to expose": merged('expose: ["80"]', 'expose: [80, "81"]'),
  "name servers": merged("dns: 1.1.1.1", "dns: [8.8.8.8, 1.1.1.1]"),
  "search domains": merged("dns_search: a.example", "dns_search: [b.example, a.example]"),
  "DNS options": merged("dns_opt: [a]", "dns_opt: [b, a]"),
  "temporary folders": merged("tmpfs: /a", "tmpfs: [/b, /a]"),
  "env files": {
    files: {
      "0.yaml": "services: { web: { image: nginx, env_file: [a.env, b.env] } }",
      "1.yaml": "services: { web: { env_file: [{ path: c.env, required: false }, a.env] } }",
      "a.env": "A=a\nX=a\n",
      "b.env": "B=b\nX=b\n",
    },
    compose: ["0.yaml", "1.yaml"],
  },
  capabilities: merged("cap_add: [A, B]", "cap_add: [B, C]"),
  "groups, all of them": merged("group_add: [a]", "group_add: [b]"),
  "security options, all of them": merged("security_opt: [a:b]", "security_opt: [c:d]"),
  "a list of dependencies over a map": merged(
    "depends_on: { db: { condition: service_healthy, restart: true } }",
    "depends_on: [db, cache]",
    "  db: { image: x }\n  cache: { image: x }\n",
  ),
  "one field of a dependency": merged(
    "depends_on: { db: { condition: service_healthy } }",
    "depends_on: { db: { required: false } }",
    "  db: { image: x }\n",
  ),
  "networks in both forms": merged(
    "networks: [one, two]",
    "networks: { two: { aliases: [z] }, three: }",
    "networks: { one: , two: , three: }\n",
  ),
  "nothing over a network's settings": merged(
    "networks: { one: { aliases: [a], ipv4_address: 10.0.0.1 } }",
    "networks: { one: }",
    "networks: { one: { driver: bridge } }\n",
  ),
  "aliases of a network": merged(
    "networks: { one: { aliases: [a, b] } }",
    "networks: { one: { aliases: [b, c] } }",
    "networks: { one: }\n",
  ),
  "a health check's fields": merged(
    "healthcheck: { test: [CMD, a], interval: 1s, retries: 3 }",
    "healthcheck: { test: b, timeout: 2s }",
  ),
  "a health check that is off": merged("healthcheck: { test: a }", "healthcheck: { disable: true }"),
  "a build's two forms": merged("build: ./one", "build: { dockerfile: Other, args: { A: 1 } }"),
  "arguments of a build": merged("build: { context: ., args: [A=1, B] }", "build: { args: { A: 2, C: 3 } }"),
  "tags and labels of a build": merged(
    "build: { context: ., tags: [a], labels: [x=1], cache_from: [c] }",
    "build: { tags: [a, b], labels: { x: 2, y: 3 }, cache_from: [c, d] }",
  ),
  "contexts of a build": merged(
    "build: { context: ., additional_contexts: [a=./a, b=docker-image://x] }",
    "build: { additional_contexts: { a: ./other } }",
  ),
  "limits of a user": merged(
    "ulimits: { nofile: { soft: 1, hard: 2 }, nproc: 3 }",
    "ulimits: { nofile: 5, nproc: { soft: 4, hard: 4 } }",
  ),
  "kernel settings": merged("sysctls: { a.b: 1 }", "sysctls: [a.b=2, c.d=3]"),
  "logging of one driver": merged(
    "logging: { driver: json-file, options: { max-size: 1m } }",
    'logging: { options: { max-file: "3" } }',
  ),
  "logging of another driver": merged(
    "logging: { driver: json-file, options: { max-size: 1m } }",
    "logging: { driver: local, options: { a: b } }",
  ),
  "hosts and addresses": merged('extra_hosts: ["a:1.1.1.1", "b=2.2.2.2"]', "extra_hosts: { a: 3.3.3.3, c: 4.4.4.4 }"),
  "the same host twice": merged('extra_hosts: ["a=1.1.1.1"]', 'extra_hosts: ["a=1.1.1.1"]'),
  devices: merged("devices: [/dev/a:/dev/x]", "devices: [/dev/b:/dev/x, /dev/c]"),
  "resources of a deployment": merged(
    "deploy: { replicas: 2, resources: { limits: { cpus: '0.5' } }, labels: { a: 1 } }",
    "deploy: { resources: { limits: { memory: 1g } }, labels: [b=2] }",
  ),
  "subnets of a network": several(
    "services: { web: { image: nginx, networks: [n] } }\nnetworks: { n: { ipam: { config: [{ subnet: 10.0.0.0/8 }] } } }",
    "services: {}\nnetworks: { n: { ipam: { config: [{ subnet: 10.0.0.0/8, gateway: 10.0.0.1 }] } } }",
  ),
  "options of a volume": several(
    "services: { web: { image: nginx, volumes: [data:/d] } }\nvolumes: { data: { labels: [a=1], driver_opts: { o: a } } }",
    "services: {}\nvolumes: { data: { labels: { b: 2 }, driver_opts: { p: b } } }",
  ),
  "a volume that is declared again with nothing": several(
    "services: { web: { image: nginx, volumes: [data:/d] } }\nvolumes: { data: { name: mine } }",
    "services: {}\nvolumes: { data: }",
  ),
  "extensions at the top": several(
    "x-a: { list: [1], text: a }\nservices: { web: { image: nginx } }",
    "x-a: { list: [2], text: b }\nservices: {}",
  ),
  "documents of one file": one(
    "services: { web: { image: nginx, environment: [A=1] } }\n---\nservices: { web: { environment: { B: 2 } } }\n",
  ),
  "three files": several(
    "services: { web: { image: nginx, ports: ['80'], command: a } }",
    "services: { web: { ports: ['81'], command: b } }",
    "services: { web: { ports: ['82'] }, db: { image: x } }",
  ),
  "a service that is only in the second file": several(
    "services: { web: { image: nginx } }",
    "services: { db: { image: postgres, profiles: [] } }",
  ),
  "hooks, one after another": merged("post_start: [{ command: a }]", "post_start: [{ command: [b], user: root }]"),
  "a map over a list": merged("cap_add: [A]", "cap_add: { B: }"),
};

/** Values that go, or that are replaced whole. */
export const resetProjects: Record<string, Project> = {
  "a value": merged("ports: ['80']", "ports: !reset []"),
  "a value without anything": merged("command: a", "command: !reset null"),
  "a variable": merged("environment: { A: 1, B: 2 }", "environment: { A: !reset null }"),
  "a service": several("services: { web: { image: nginx }, db: { image: x } }", "services: { db: !reset null }"),
  "a list that is replaced": merged("ports: ['80', '81']", "ports: !override ['82']"),
  "a map that is replaced": merged("environment: { A: 1, B: 2 }", "environment: !override { C: 3 }"),
  "dependencies that are replaced": merged(
    "depends_on: { db: { condition: service_healthy } }",
    "depends_on: !override [cache]",
    "  db: { image: x }\n  cache: { image: x }\n",
  ),
  "a network of the top": several(
    "services: { web: { image: nginx, networks: [n] } }\nnetworks: { n: { driver: overlay, name: x } }",
    "networks: { n: !override { driver: bridge } }\nservices: {}",
  ),
  "a service that is replaced": several(
    "services: { web: { image: nginx, ports: ['80'], command: a } }",
    "services: { web: !override { image: other } }",
  ),
  "a value of an extended service": one(
    "services:\n  base: { image: nginx, ports: ['80'], environment: { A: 1 } }\n  web:\n    extends: base\n    ports: !reset []\n    environment: !override { B: 2 }\n",
  ),
  "a value of an extended service of another file": one(
    "services:\n  web:\n    extends: { file: base.yaml, service: base }\n    ports: !override ['81']\n    command: !reset null\n",
    { "base.yaml": "services: { base: { image: nginx, command: a, ports: ['80'] } }" },
  ),
  "an item of a list": merged("command: [a]", "command: [b, !reset c]"),
  "a value behind an anchor": one(
    "x-a: &a { environment: { A: 1, B: !reset null } }\nservices: { web: { <<: *a, image: nginx } }\n",
  ),
};

/** What YAML itself may say. */
export const yamlProjects: Record<string, Project> = {
  "numbers as Go reads them": one(
    `services: { web: { image: x, environment: { A: 1_000, B: 08, C: 0o17, D: 1e3, E: 1000000.0, F: 18446744073709551615,
      G: 99999999999999999999, H: 0x1F, I: "12:30:45", J: 12:30:45, K: .inf, L: 1., M: +5, N: 0b11, O: 1_0.5, P: 9007199254740993,
      Q: 123456.5, R: 1234567.25, S: 0.00001, T: 1e21, U: -0, V: 0.1, W: 1e-7, X: -017, Y: 0_7, Z: .nan, AA: -.5, AB: 1.10 } } }`,
  ),
  "words that were booleans once": one(
    "services: { web: { image: x, environment: { A: yes, B: on, C: Off, D: y, E: TRUE, F: False, G: true } } }",
  ),
  "nothing in all its forms": one(
    "services: { web: { image: x, environment: { A: ~, B: null, C: NULL, D: '', E: } } }",
  ),
  "anchors and merge keys": one(
    "x-a: &a { image: a, user: a, environment: { A: 1 } }\nx-b: &b { image: b, tty: true }\nservices:\n  web: { <<: [*a, *b], user: own }\n  two: { <<: *b, environment: { <<: { B: 2 }, C: 3 } }\n",
  ),
  "an anchor that is set again": one(
    "x-a: &a one\nx-b: *a\nx-c: &a two\nservices: { web: { image: x, hostname: *a } }\n",
  ),
  "tags of somebody else": one(
    "services: { web: !mine { image: !mine 'x', hostname: !mine 12, working_dir: !!str 12 } }",
  ),
  "block texts": one(
    "services:\n  web:\n    image: x\n    environment:\n      A: |\n        one\n        two\n      B: >-\n        one\n        two\n",
  ),
  "a byte order mark and CRLF": one("\uFEFFservices:\r\n  web:\r\n    image: x\r\n    command: a b\r\n"),
  "a key twice": one("services: { web: { image: x, image: y } }"),
  "a merge key twice": one("x-a: &a { image: x }\nservices:\n  web:\n    <<: *a\n    <<: *a\n"),
  "a key that is no text": one("services: { web: { image: x, environment: { 1: a } } }"),
  "nothing at all": one("# nothing\n"),
  "a list": one("- a\n"),
  "an alias of nothing": one("services: { web: { image: *nope } }"),
  "a document without anything": one("services: { web: { image: x } }\n---\n"),
};

/** Services of a profile. */
export const profileProjects: Record<string, Project> = {
  "none is active": one("services: { web: { image: x }, a: { image: x, profiles: [p] } }"),
  "one is active": one(
    "services: { web: { image: x }, a: { image: x, profiles: [p, q] }, b: { image: x, profiles: [r] } }",
    { ".env": "COMPOSE_PROFILES=o, q\n" },
  ),
  "all are active": one("services: { web: { image: x }, a: { image: x, profiles: [p] } }", {
    ".env": "COMPOSE_PROFILES=*\n",
  }),
  "a dependency that is not active": one(
    "services: { web: { image: x, depends_on: [a] }, a: { image: x, profiles: [p] } }",
  ),
  "an optional one": one(
    "services: { web: { image: x, depends_on: { a: { condition: service_started, required: false } } }, a: { image: x, profiles: [p] } }",
  ),
};
