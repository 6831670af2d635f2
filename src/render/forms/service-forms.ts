import { scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { build } from "./build-forms.ts";
import { deploy } from "./deploy-forms.ts";
import { devices, gpus } from "./device-forms.ts";
import { grants, secretGrants } from "./file-forms.ts";
import { invalid } from "../findings.ts";
import { fields, type Form, listOf, nullable, orWritten } from "./form.ts";
import { extraHosts } from "./host-forms.ts";
import { impliedDependencies } from "./implied-dependencies.ts";
import { blkio, ulimits } from "./limit-forms.ts";
import { joinedNetworks } from "./network-forms.ts";
import { ports } from "./port-forms.ts";
import { bytes, decimal, span, truncated, whole, wholeBytes, wholeWithin } from "./quantity-forms.ts";
import {
  dependsOn,
  develop,
  envFiles,
  extended,
  healthcheck,
  hooks,
  provider,
  startHooks,
  usedModels,
} from "./run-forms.ts";
import {
  choice,
  choiceFlag,
  command,
  distinct,
  distinctTexts,
  flag,
  labels,
  options,
  plainFlag,
  scalarText,
  text,
  textOf,
  textOrTexts,
  textOrUnique,
  texts,
  variables,
  wholeText,
} from "./value-forms.ts";
import { mounts } from "./volume-forms.ts";

/** `3000`, `3000-3005`, each with a protocol where wanted; Compose takes any text. */
const exposed: Form = listOf({ read: (node, at) => scalarNode(node.place, scalarText(node, at)) });

const containerName: Form = {
  ...text,
  read(node, at) {
    if (/[a-zA-Z0-9][a-zA-Z0-9_.-]+/.test(textOf(node, at))) return node;
    throw invalid(node, `${at} must have two letters or digits at least`);
  },
};

const pullPolicy: Form = {
  read(node, at, findings) {
    const read = text.read(node, at, findings);
    const said = String(toValue(read));
    if (!/always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+/.test(said)) {
      throw invalid(node, `${at} must be always, never, missing, build, daily, weekly or every_…`);
    }
    return read;
  },
  settle: (node) => (toValue(node) === "if_not_present" ? scalarNode(node.place, "missing") : node),
};

/** Empty entries are left out. */
const nameServers: Form = orWritten(textOrUnique, (node: YamlNode) => {
  const items = node.kind === "list" ? node.items : [node];
  return node.kind === "map"
    ? node
    : { place: node.place, kind: "list", items: items.filter((item) => toValue(item) !== "") };
});

/** Read where the service is made: `docker compose config` shows what is in the files. */
const consumed = (form: Form): Form => ({ ...form, print: () => undefined });

const written = fields(
  {
    annotations: labels,
    attach: choiceFlag,
    blkio_config: blkio,
    build,
    cap_add: texts,
    cap_drop: texts,
    cgroup: choice("host", "private"),
    cgroup_parent: text,
    command: nullable(command),
    configs: grants,
    container_name: containerName,
    cpu_count: wholeWithin(0, Number.MAX_SAFE_INTEGER),
    cpu_percent: wholeWithin(0, 100),
    cpu_period: truncated,
    cpu_quota: truncated,
    cpu_rt_period: truncated,
    cpu_rt_runtime: truncated,
    cpu_shares: truncated,
    cpus: decimal,
    cpuset: text,
    credential_spec: fields({ config: text, file: text, registry: text }),
    depends_on: dependsOn,
    deploy,
    develop,
    device_cgroup_rules: distinctTexts,
    devices,
    dns: nameServers,
    dns_opt: texts,
    dns_search: textOrUnique,
    domainname: text,
    entrypoint: nullable(command),
    env_file: consumed(envFiles),
    environment: variables,
    expose: exposed,
    extends: consumed(extended),
    external_links: distinctTexts,
    extra_hosts: extraHosts,
    gpus,
    group_add: distinct(listOf({ read: wholeText.read })),
    healthcheck,
    hostname: text,
    image: text,
    init: choiceFlag,
    ipc: text,
    isolation: text,
    label_file: consumed(textOrTexts),
    labels,
    links: texts,
    logging: fields({ driver: text, options }),
    mac_address: text,
    mem_limit: bytes,
    mem_reservation: wholeBytes,
    mem_swappiness: wholeBytes,
    memswap_limit: bytes,
    models: usedModels,
    network_mode: text,
    networks: joinedNetworks,
    oom_kill_disable: flag,
    oom_score_adj: wholeWithin(-1000, 1000),
    pid: text,
    pids_limit: truncated,
    platform: text,
    ports,
    post_start: hooks,
    pre_start: startHooks,
    pre_stop: hooks,
    privileged: flag,
    profiles: texts,
    provider,
    pull_policy: pullPolicy,
    pull_refresh_after: consumed(text),
    read_only: flag,
    restart: text,
    runtime: text,
    scale: { read: whole.read },
    secrets: secretGrants,
    security_opt: distinctTexts,
    shm_size: bytes,
    stdin_open: flag,
    stop_grace_period: span,
    stop_signal: text,
    storage_opt: options,
    sysctls: labels,
    tmpfs: textOrUnique,
    tty: flag,
    ulimits,
    use_api_socket: plainFlag,
    user: text,
    userns_mode: text,
    uts: text,
    volumes: mounts,
    volumes_from: distinctTexts,
    working_dir: text,
  },
  { always: { command: null, entrypoint: null } },
);

/** One service (Compose specification, Services top-level element). */
export const service: Form = {
  ...written,
  settle: (node, at) => impliedDependencies(written.settle?.(node, at) ?? node),
};
