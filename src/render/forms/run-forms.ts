import { listNode, mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import { asMap, fields, type Form, listOf, named, nullable, orWritten } from "./form.ts";
import { count, span } from "./quantity-forms.ts";
import {
  choice,
  choiceFlag,
  command,
  flag,
  namesToMap,
  numberText,
  plainFlag,
  text,
  textOf,
  textOrTexts,
  texts,
  variables,
} from "./value-forms.ts";

/** `test: TEXT` is a shell's command. */
const healthTest: Form = orWritten(texts, (node, at) => {
  if (node.kind === "list") return node;
  const shell = scalarNode(node.place, "CMD-SHELL");
  return listNode(node.place, [shell, scalarNode(node.place, textOf(node, at))]);
});

const health = fields({
  test: healthTest,
  interval: span,
  timeout: span,
  start_period: span,
  start_interval: span,
  retries: count,
  disable: flag,
});

export const healthcheck: Form = {
  ...health,
  settle(node, at) {
    const settled = asMap(health.settle?.(node, at) ?? node, at);
    const test = settled.entries.get("test")?.node;
    const [first] = test?.kind === "list" ? test.items : [];
    if (test && first && !["CMD", "CMD-SHELL", "NONE"].includes(String(toValue(first)))) {
      throw invalid(test, `${at}.test must begin with CMD, CMD-SHELL or NONE`);
    }
    return settled;
  },
};

/** What a name in a list of dependencies stands for. */
export function dependency(place: YamlNode["place"], restart?: boolean): YamlNode {
  return mapNode(place, [
    ["condition", scalarNode(place, "service_started")],
    ["required", scalarNode(place, true)],
    ...(restart === undefined ? [] : [["restart", scalarNode(place, restart)] as const]),
  ]);
}

const dependencyFields = fields(
  {
    condition: choice("service_started", "service_healthy", "service_completed_successfully"),
    required: plainFlag,
    restart: flag,
  },
  { required: ["condition"], always: { required: false } },
);

/** `depends_on`, a list of names or a map, as a map of `{ condition, required, restart }`. */
export const dependsOn: Form = orWritten(
  named(
    {
      ...dependencyFields,
      settle(node, at) {
        const { place, entries } = asMap(dependencyFields.settle?.(node, at) ?? node, at);
        const required = entries.get("required") ?? { key: place, node: scalarNode(place, true) };
        return { place, kind: "map", entries: new Map(entries).set("required", required) };
      },
    },
    "refused",
  ),
  (node, at) => {
    if (node.kind === "map") return node;
    const { place, entries } = asMap(namesToMap(node, at), at);
    return mapNode(
      place,
      [...entries].map(([name, entry]) => [name, dependency(entry.key), entry.key]),
    );
  },
);

/** `env_file`: a path, or a list of paths and `{ path, required, format }`. */
export const envFiles: Form = orWritten(
  listOf(
    orWritten(fields({ path: text, required: choiceFlag, format: text }, { required: ["path"] }), (node, at) =>
      node.kind === "map" ? node : mapNode(node.place, [["path", scalarNode(node.place, textOf(node, at))]]),
    ),
  ),
  (node) => (node.kind === "scalar" ? listNode(node.place, [node]) : node),
);

const hookFields = {
  command: nullable(command),
  user: text,
  privileged: flag,
  working_dir: text,
  environment: variables,
};

const hook = fields(hookFields, { required: ["command"], always: { command: null } });

/** `post_start` and `pre_stop`. */
export const hooks: Form = listOf(hook);

/** `pre_start`, which runs in a container of its own: newer than the Compose that we compare with. */
export const startHooks: Form = listOf(
  fields({ ...hookFields, image: text, per_replica: flag }, { always: { command: null } }),
);

const actions = choice("rebuild", "sync", "restart", "sync+restart", "sync+exec");

/** `develop`, which only `docker compose watch` reads. */
export const develop: Form = nullable(
  fields({
    watch: listOf(
      fields(
        {
          path: text,
          action: actions,
          target: text,
          exec: hook,
          include: textOrTexts,
          ignore: textOrTexts,
          initial_sync: plainFlag,
        },
        { required: ["path", "action"], always: { exec: { command: null } } },
      ),
    ),
  }),
);

/** An option of a provider may be given several times: each is a list. */
const providerOptions: Form = named(
  orWritten(listOf({ read: numberText.read }), (node) =>
    node.kind === "scalar" ? listNode(node.place, [node]) : node,
  ),
  "refused",
);

export const provider: Form = fields({ type: text, options: providerOptions }, { required: ["type"] });

/** A service's `models`: a list of names, or a map of the variables that tell of each. */
export const usedModels: Form = orWritten(named(fields({ endpoint_var: text, model_var: text }), "kept"), namesToMap);

/** `extends: SERVICE` or `{ service, file }`. */
export const extended: Form = orWritten(fields({ service: text, file: text }, { required: ["service"] }), (node, at) =>
  node.kind === "map" ? node : mapNode(node.place, [["service", scalarNode(node.place, textOf(node, at))]]),
);
