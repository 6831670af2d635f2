import { scalarNode, toValue, type YamlNode } from "../config/yaml-node.ts";
import { build } from "./build-forms.ts";
import { deploy } from "./deploy-forms.ts";
import { devices, gpus } from "./device-forms.ts";
import { grants, secretGrants } from "./file-forms.ts";
import { invalid } from "./findings.ts";
import { fields, type Form, listOf, nullable, orWritten } from "./form.ts";
import { extraHosts } from "./host-forms.ts";
import { impliedDependencies } from "./implied-dependencies.ts";
import { blkio, ulimits } from "./limit-forms.ts";
import { joinedNetworks } from "./network-forms.ts";
import { ports } from "./port-forms.ts";
import { bytes, decimal, span, whole } from "./quantity-forms.ts";
import { dependsOn, develop, envFiles, extended, healthcheck, hooks, provider, usedModels } from "./run-forms.ts";
import {
  choice,
  choiceFlag,
  command,
  distinctTexts,
  flag,
  labels,
  numberText,
  options,
  plainFlag,
  scalarText,
  text,
  textOrTexts,
  texts,
  variables,
} from "./value-forms.ts";
import { mounts } from "./volume-forms.ts";

/** `3000`, `3000-3005`, each with a protocol where wanted; Compose takes any text. */
const exposed: Form = listOf({ read: (node, at) => scalarNode(node.place, scalarText(node, at)) });

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
const nameServers: Form = orWritten(textOrTexts, (node: YamlNode) => {
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
    container_name: text,
    cpu_count: whole,
    cpu_percent: decimal,
    cpu_period: whole,
    cpu_quota: whole,
    cpu_rt_period: whole,
    cpu_rt_runtime: whole,
    cpu_shares: whole,
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
    dns_search: textOrTexts,
    domainname: text,
    entrypoint: nullable(command),
    env_file: consumed(envFiles),
    environment: variables,
    expose: exposed,
    extends: consumed(extended),
    external_links: distinctTexts,
    extra_hosts: extraHosts,
    gpus,
    group_add: listOf({ read: numberText.read }),
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
    mem_reservation: bytes,
    mem_swappiness: bytes,
    memswap_limit: bytes,
    models: usedModels,
    network_mode: text,
    networks: joinedNetworks,
    oom_kill_disable: flag,
    oom_score_adj: whole,
    pid: text,
    pids_limit: whole,
    platform: text,
    ports,
    post_start: hooks,
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
    tmpfs: textOrTexts,
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
