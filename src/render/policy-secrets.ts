import { child, formatPath, type YamlNode } from "../config/yaml-node.ts";
import { refuse, rewrite } from "./findings.ts";
import { honored, later, only, rewritten, type Rule } from "./policy-rule.ts";

const name = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** A file's name, or its path in the folder that Compose puts secrets in. */
const target = /^(?:\/run\/secrets\/)?[A-Za-z0-9_][\w.-]{0,99}$/;

const declared = only({
  environment: honored,
  external: honored,
  name: honored,
  file: honored, // judged below
  labels: rewritten("labels", "are not used", "Remove them, or leave them."),
  driver: later,
  driver_opts: later,
  template_driver: later,
});

/** A secret is the operator's, by the name of a variable or as an external one; a file of the branch is none. */
export const declaredSecretRule: Rule = (subject) => {
  const { node, key, path } = subject;
  const at = formatPath(path);
  const wanted = secretNameOf(String(path.at(-1)), node);
  const file = child(node, "file");
  const judged = declared(subject);
  if (wanted === null) {
    const hint = `Say in compose.preview.yaml: secrets: { ${String(path.at(-1))}: { environment: NAME } }, and let the operator set NAME.`;
    const message = `${at} is read from a file of the branch, which is not honored by this version`;
    return [...judged, refuse(key, "not-supported", message, hint)];
  }
  if (!name.test(wanted)) {
    const hint = "Add `name:` with letters, digits and _ only, as the operator writes it in server.yaml.";
    return [...judged, refuse(key, "secret-name", `${at}: ${wanted} cannot be a secret's name`, hint)];
  }
  if (file === undefined) return judged;
  return [
    ...judged,
    rewrite(file.place, "secret-file", `${at}.file is not used: the operator's secret is`, "Remove it."),
  ];
};

/** The operator's name of a declared secret; null when it is not one of theirs. */
export function secretNameOf(key: string, declaration: YamlNode | undefined): string | null {
  const environment = child(declaration, "environment");
  if (environment?.kind === "scalar" && environment.value !== "") return String(environment.value);
  const external = child(declaration, "external");
  if (external?.kind !== "scalar" || external.value !== true) return null;
  const given = child(declaration, "name");
  return given?.kind === "scalar" ? String(given.value) : key;
}

const number: Rule = ({ node, path }) =>
  node.kind === "scalar" && /^\d{1,9}$/.test(String(node.value))
    ? []
    : [refuse(node.place, "invalid-value", `${formatPath(path)} must be a number`, "Write the id as a number.")];

const targetRule: Rule = ({ node, path }) =>
  node.kind === "scalar" && target.test(String(node.value))
    ? []
    : [
        refuse(
          node.place,
          "secret-target",
          `${formatPath(path)} is no file in /run/secrets`,
          "Write a plain file name: secrets of previews are in /run/secrets only.",
        ),
      ];

export const grantedSecretRule = only({ source: honored, target: targetRule, uid: number, gid: number, mode: honored });

const mountSays = rewritten(
  "build-secret",
  "is not used: the Dockerfile's mount says it",
  "Write it there: uid=, gid=, mode=.",
);

/** A build's secret: `target` is the id that the Dockerfile mounts it by. */
export const buildSecretRule = only({
  source: honored,
  target: targetRule,
  uid: mountSays,
  gid: mountSays,
  mode: mountSays,
});
