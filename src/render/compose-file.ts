import { mapNode, scalarNode, type YamlMap, type YamlNode } from "../config/yaml-node.ts";
import { type Findings, invalid } from "./findings.ts";
import { ports } from "./port-forms.ts";
import { declaredSecrets, grantedSecrets } from "./secret-forms.ts";
import {
  boolean,
  bytes,
  command,
  decimal,
  fields,
  type Form,
  isNull,
  named,
  names,
  pairs,
  span,
  text,
  textOf,
  texts,
  whole,
} from "./value-forms.ts";
import { volumes } from "./volume-forms.ts";

/** `test: TEXT` is a shell's command. */
const healthTest: Form = (node, at, findings) => {
  if (node.kind === "list") return texts(node, at, findings);
  return { place: node.place, kind: "list", items: [scalarNode(node.place, "CMD-SHELL"), text(node, at, findings)] };
};

const expose: Form = (node, at, findings) => {
  const ports = texts(node, at, findings);
  const bad = ports.kind === "list" ? ports.items.find((port) => !exposedPort.test(textOf(port, at))) : undefined;
  if (bad) throw invalid(bad, `${at}: "${textOf(bad, at)}" is no port`);
  return ports;
};

/** `3000`, `3000-3005`, each with a protocol where wanted. */
const exposedPort = /^\d{1,5}(-\d{1,5})?(\/[a-z]+)?$/;

const buildFields = fields({
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  target: text,
  args: pairs(null),
  secrets: grantedSecrets,
});

/** A path, or a map; the context is the directory of the Compose file where it is not told. */
const build: Form = (node, at, findings) => {
  const written = node.kind === "map" ? node : mapNode(node.place, [["context", text(node, at, findings)]]);
  return buildFields(written, at, findings);
};

const dependency = (item: YamlNode) =>
  mapNode(item.place, [
    ["condition", scalarNode(item.place, "service_started")],
    ["required", scalarNode(item.place, true)],
  ]);

const dependsOn: Form = (node, at, findings) => {
  const entries = named(fields({ condition: text, required: boolean, restart: boolean }))(
    names(dependency)(node, at, findings),
    at,
    findings,
  );
  if (entries.kind !== "map") return entries;
  return mapNode(
    entries.place,
    [...entries.entries].map(([name, { node: own, key }]) => [
      name,
      mapNode(
        own.place,
        own.kind === "map"
          ? [...dependency(own).entries, ...own.entries].map(([field, entry]) => [field, entry.node, entry.key])
          : [],
      ),
      key,
    ]),
  );
};

const envFiles: Form = (node, at, findings) => {
  const items = node.kind === "list" ? node.items : [node];
  const item = fields({ path: text, required: boolean, format: text });
  return {
    place: node.place,
    kind: "list",
    items: items.map((each, index) => {
      const itemAt = `${at}[${index}]`;
      const written = each.kind === "map" ? each : mapNode(each.place, [["path", text(each, itemAt, findings)]]);
      if (!written.entries.has("path")) throw invalid(each, `${itemAt}.path is missing`);
      return item(written, itemAt, findings);
    }),
  };
};

const resources = fields({ cpus: decimal, memory: bytes, pids: whole });

const service = fields({
  image: text,
  build,
  environment: pairs(null),
  env_file: envFiles,
  command,
  entrypoint: command,
  ports,
  expose,
  depends_on: dependsOn,
  healthcheck: fields({
    test: healthTest,
    interval: span,
    timeout: span,
    start_period: span,
    start_interval: span,
    retries: whole,
    disable: boolean,
  }),
  volumes,
  tmpfs: texts,
  networks: names((item) => scalarNode(item.place, null)),
  user: text,
  working_dir: text,
  hostname: text,
  container_name: text,
  init: boolean,
  tty: boolean,
  stdin_open: boolean,
  read_only: boolean,
  privileged: boolean,
  stop_signal: text,
  stop_grace_period: span,
  restart: text,
  labels: pairs(""),
  cap_drop: texts,
  shm_size: bytes,
  mem_limit: bytes,
  cpus: decimal,
  pids_limit: whole,
  scale: whole,
  platform: text,
  pull_policy: text,
  profiles: texts,
  network_mode: text,
  secrets: grantedSecrets,
  deploy: fields({ replicas: whole, resources: fields({ limits: resources, reservations: resources }) }),
});

const file = fields({
  name: text,
  version: text,
  services: named(service),
  networks: named(fields({ internal: boolean, driver: text, name: text })),
  volumes: named(fields({ driver: text, name: text })),
  secrets: declaredSecrets,
});

/**
 * One Compose file in canonical form: long forms only, sizes in bytes, numbers as numbers. What is not known passes
 * untouched for the policy to judge. Throws InputError `invalid-value` at the value.
 */
export function canonicalFile(node: YamlNode, findings: Findings): YamlMap {
  if (node.kind !== "map") throw invalid(node, "a Compose file must be a map");
  const [problem] = [...node.entries].filter(([key, entry]) => key === "services" && isNull(entry.node));
  if (problem) throw invalid(problem[1].node, "services must be a map");
  const canonical = file(node, "", findings);
  if (canonical.kind !== "map") throw invalid(node, "a Compose file must be a map");
  refuseNames(canonical);
  return canonical;
}

function refuseNames(node: YamlMap): void {
  for (const section of ["services", "networks", "volumes", "secrets"]) {
    const names = node.entries.get(section)?.node;
    if (names?.kind !== "map") continue;
    for (const [name, entry] of names.entries) {
      if (/^[a-zA-Z0-9._-]{1,100}$/.test(name)) continue;
      throw invalid(
        { place: entry.key },
        `"${name}" cannot be a name under ${section}: letters, digits, dot, _ and - only`,
      );
    }
  }
}
