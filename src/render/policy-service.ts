import { child, formatPath, toValue } from "../config/yaml-node.ts";
import { isReservedLabel } from "../domain/labels.ts";
import { parseDuration } from "../domain/time.ts";
import { refuse, rewrite } from "./findings.ts";
import { imageProblem, type OperatorRegistries } from "./policy-image.ts";
import { honored, later, only, refused, rewritten, type Rule, unless } from "./policy-rule.ts";
import { leadsOutside } from "./repository-path.ts";

/** The longest that a container of a preview may take to stop. */
export const longestGraceMs = 60_000;

/** An image is named `name:tag`: an id would reach any image on the host, and our own are other repositories'. */
export function imageRule(registries: OperatorRegistries): Rule {
  return ({ node, path }) => {
    const problem = imageProblem(String(toValue(node)), registries);
    return problem ? [refuse(node.place, problem.code, `${formatPath(path)} ${problem.what}`, problem.hint)] : [];
  };
}

export const envFileRule: Rule = ({ node, key, path }) => {
  const at = formatPath(path);
  const rules = {
    path: honored,
    required: honored,
    format: unless(["raw"], refused("unknown-format", "is not known", "Remove it, or write raw.")),
  };
  const file = node.kind === "map" ? String(toValue(node.entries.get("path")?.node ?? node)) : "";
  const outside = leadsOutside(file)
    ? [
        refuse(
          node.place,
          "path-outside",
          `${at} leads outside the repository: ${file}`,
          "Commit the file, or set the variables under `environment:`.",
        ),
      ]
    : [];
  return [...outside, ...only(rules)({ node, key, path })];
};

const portKeys = only({
  target: honored,
  published: honored,
  host_ip: honored,
  protocol: honored,
  mode: honored,
  name: honored,
  app_protocol: honored,
});

export const portRule: Rule = (subject) => {
  const judged = portKeys(subject);
  const [published, target] = ["published", "target"].map((key) => child(subject.node, key));
  if (published?.kind !== "scalar" || target?.kind !== "scalar") return judged;
  const message = `${formatPath(subject.path)}: ${published.value}:${target.value} is not published on the host`;
  return [
    ...judged,
    rewrite(
      subject.node.place,
      "port-published",
      message,
      "Inside the stack it is reached by name, and what is routed at the preview's own link.",
    ),
  ];
};

export const dependencyRules = {
  condition: honored,
  required: honored,
  restart: unless(
    [false],
    rewritten("depends-restart", "is not used: a service restarts by itself", "Remove it, or leave it."),
  ),
};

export const graceRule: Rule = ({ node, path }) => {
  const ms = parseDuration(String(toValue(node))) ?? 0;
  if (ms <= longestGraceMs) return [];
  return [
    rewrite(
      node.place,
      "grace-capped",
      `${formatPath(path)} is 1m at most in a preview`,
      "Let the service stop sooner.",
    ),
  ];
};

export const restartRule: Rule = ({ node, path }) => {
  const policy = String(toValue(node));
  if (/^(no|always|unless-stopped|on-failure)$/.test(policy)) return [];
  if (/^on-failure:\d+$/.test(policy)) {
    return [
      rewrite(node.place, "restart-count", `${formatPath(path)}: the number of tries is not used`, "Write on-failure."),
    ];
  }
  return [
    refuse(
      node.place,
      "invalid-value",
      `${formatPath(path)} must be no, always, on-failure or unless-stopped`,
      'Quote it: restart: "no".',
    ),
  ];
};

/** Labels of a branch would steer other programs of the host, such as a proxy or an updater: they stay here. */
export const labelRule: Rule = ({ node, key, path }) => {
  if (node.kind !== "map" || node.entries.size === 0) return [];
  const at = formatPath(path);
  const reserved = [...node.entries].filter(([name]) => isReservedLabel(name));
  if (reserved.length === 0) {
    return [rewrite(key, "labels", `${at} are not given to the engine`, "Remove them, or leave them.")];
  }
  return reserved.map(([name, entry]) =>
    refuse(entry.key, "reserved-label", `${at}: the label ${name} is reserved`, "Remove it: Mayfly sets its own."),
  );
};

const swarm = rewritten("deploy", "is for Swarm and not used in a preview", "Remove it, or leave it.");
const reservation = rewritten("reservation", "is not used: the preview's limits hold", "Remove it, or leave it.");

export const deployRules: Record<string, Rule> = {
  replicas: unless([1], rewritten("one-replica", "is 1 in a preview", "Remove it, or leave it.")),
  resources: only({
    limits: only({ cpus: honored, memory: honored, pids: honored }),
    reservations: only({
      cpus: reservation,
      memory: reservation,
      pids: reservation,
      devices: refused(
        "devices",
        "asks for a device of the host: a preview never gets one",
        "Leave the service out of the preview.",
      ),
      generic_resources: later,
    }),
  }),
  mode: swarm,
  placement: swarm,
  update_config: swarm,
  rollback_config: swarm,
  restart_policy: swarm,
  endpoint_mode: swarm,
  labels: swarm,
};
