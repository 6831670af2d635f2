import { child, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { asWritten, honor, leaveIt, refuse, rewrite, type Rows, type Subject, unless, when } from "./policy-row.ts";
import { leadsOutside } from "../repository-path.ts";

const name = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** A path in a container, without a way up. */
const target = /^(?!(?:.*\/)?\.\.?(?:\/|$))[^\0:]{0,499}[^\0:/]$/;

const matches = (pattern: RegExp) => (subject: Subject) =>
  subject.node.kind === "scalar" && pattern.test(String(subject.node.value));
const not = (test: (subject: Subject) => boolean) => (subject: Subject) => !test(subject);

const number = honor(
  asWritten,
  refuse(
    "invalid-value",
    "must be a number",
    "Write the id as a number.",
    when("no number", not(matches(/^\d{1,9}$/))),
  ),
);

const aFile = honor(
  "in `/run/secrets`; anywhere for a file of the repository",
  refuse(
    "secret-target",
    "is no path of a file",
    "Write a file's name, or an absolute path.",
    when("no path of a file", not(matches(target))),
  ),
);

const outside = refuse(
  "host-path",
  "a path of the host, and a preview sees only its own files",
  "Commit the file; or say in compose.preview.yaml: secrets: { NAME: { environment: NAME } }, and let the operator set NAME.",
  when("a path outside the repository", ({ node }) => leadsOutside(String(toValue(node)))),
);

const mountSays = rewrite(
  "build-secret",
  "not used, the Dockerfile's mount says it",
  "Write it there: uid=, gid=, mode=.",
);

const swarm = refuse(
  "swarm-only",
  "needs Swarm's own store, which a preview does not have",
  "Name a variable or a file: `environment:`, `file:`, or of a config `content:`.",
);

/** Secrets are the operator's, by the name of a variable or as external ones, or files of the repository, as configs are. */
export const secretRows: Rows = {
  "services.*.secrets.*.source": honor(),
  "services.*.secrets.*.target": aFile,
  "services.*.secrets.*.uid": number,
  "services.*.secrets.*.gid": number,
  "services.*.secrets.*.mode": honor(),
  "services.*.build.secrets.*.source": honor(),
  "services.*.build.secrets.*.target": aFile,
  "services.*.build.secrets.*.uid": mountSays,
  "services.*.build.secrets.*.gid": mountSays,
  "services.*.build.secrets.*.mode": mountSays,
  "secrets.*": honor(
    "one of the operator's, or a file of the repository (see [files](files.md))",
    refuse(
      "secret-name",
      "cannot be a secret's name",
      "Add `name:` with letters, digits and _ only, as the operator writes it in server.yaml.",
      { ...when("a name that no secret can have", (subject) => !isSecretName(wantedOf(subject) ?? "ANY")), at: "key" },
    ),
  ),
  "secrets.*.environment": honor("the secret of this name, as the operator has set it"),
  "secrets.*.external": honor("the secret of this name, as the operator has set it"),
  "secrets.*.name": honor(),
  "secrets.*.file": honor(
    "a file of the repository; where it has none there, the operator's secret of the same name",
    rewrite(
      "secret-file",
      "not used, the operator's secret is",
      "Remove it.",
      when("beside `environment` or `external`", (subject) => operatorsOf(subject) !== null),
    ),
    outside,
  ),
  "secrets.*.labels": rewrite("labels", "not used", leaveIt),
  "secrets.*.driver": swarm,
  "secrets.*.driver_opts": swarm,
  "secrets.*.template_driver": swarm,
  "services.*.configs.*.source": honor(),
  "services.*.configs.*.target": honor(
    "the config's name at the root where none is told",
    refuse(
      "config-target",
      "is no path of a file",
      "Write an absolute path.",
      when("no path of a file", not(matches(target))),
    ),
  ),
  "services.*.configs.*.uid": number,
  "services.*.configs.*.gid": number,
  "services.*.configs.*.mode": honor(),
  "configs.*.file": honor("a file of the repository", outside),
  "configs.*.content": honor(),
  "configs.*.environment": honor("the value of that variable, as `${NAME}` has it"),
  "configs.*.external": refuse(
    "external-config",
    "belongs to somebody else",
    "Give its `content:`, or commit it as a file.",
    unless(false),
  ),
  "configs.*.name": rewrite("name", "not used, every preview has its own", leaveIt),
  "configs.*.labels": rewrite("labels", "not used", leaveIt),
  "configs.*.template_driver": swarm,
};

const wantedOf = ({ node, path }: Subject) => secretNameOf(String(path.at(-1)), node);
const operatorsOf = ({ parent, path }: Subject) => secretNameOf(String(path.at(-2)), parent);

/** Whether the operator can have set a secret of this name. */
export function isSecretName(text: string): boolean {
  return name.test(text);
}

/** The operator's name of a declared secret; null when it is not one of theirs. */
export function secretNameOf(key: string, declaration: YamlNode | undefined): string | null {
  const environment = child(declaration, "environment");
  if (environment?.kind === "scalar" && environment.value !== "") return String(environment.value);
  const external = child(declaration, "external");
  if (external?.kind !== "scalar" || external.value !== true) return null;
  const given = child(declaration, "name");
  return given?.kind === "scalar" ? String(given.value) : key;
}
