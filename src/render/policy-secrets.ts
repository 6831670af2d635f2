import { child, type YamlNode } from "../config/yaml-node.ts";
import { asWritten, honor, later, leaveIt, refuse, rewrite, type Rows, type Subject, when } from "./policy-row.ts";

const name = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
/** A file's name, or its path in the folder that Compose puts secrets in. */
const target = /^(?:\/run\/secrets\/)?[A-Za-z0-9_][\w.-]{0,99}$/;

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

const inSecrets = honor(
  "a file in `/run/secrets`",
  refuse(
    "secret-target",
    "is no file in /run/secrets",
    "Write a plain file name: secrets of previews are in /run/secrets only.",
    when("a file elsewhere", not(matches(target))),
  ),
);

const mountSays = rewrite(
  "build-secret",
  "not used, the Dockerfile's mount says it",
  "Write it there: uid=, gid=, mode=.",
);

/** Secrets are the operator's, by the name of a variable or as external ones; a file of the branch is none. */
export const secretRows: Rows = {
  "services.*.secrets.*.source": honor(),
  "services.*.secrets.*.target": inSecrets,
  "services.*.secrets.*.uid": number,
  "services.*.secrets.*.gid": number,
  "services.*.secrets.*.mode": honor(),
  "services.*.build.secrets.*.source": honor(),
  "services.*.build.secrets.*.target": inSecrets,
  "services.*.build.secrets.*.uid": mountSays,
  "services.*.build.secrets.*.gid": mountSays,
  "services.*.build.secrets.*.mode": mountSays,
  "secrets.*": honor(
    "one of the operator's",
    refuse(
      "not-supported",
      "is read from a file of the branch, which is not honored by this version",
      "Say in compose.preview.yaml: secrets: { SECRET: { environment: NAME } }, and let the operator set NAME.",
      { ...when("a file", (subject) => wantedOf(subject) === null), at: "key" },
    ),
    refuse(
      "secret-name",
      "cannot be a secret's name",
      "Add `name:` with letters, digits and _ only, as the operator writes it in server.yaml.",
      { ...when("a name that no secret can have", (subject) => !name.test(wantedOf(subject) ?? "")), at: "key" },
    ),
  ),
  "secrets.*.environment": honor("the secret of this name, as the operator has set it"),
  "secrets.*.external": honor("the secret of this name, as the operator has set it"),
  "secrets.*.name": honor(),
  "secrets.*.file": rewrite("secret-file", "not used, the operator's secret is", "Remove it."),
  "secrets.*.labels": rewrite("labels", "not used", leaveIt),
  "secrets.*.driver": later(),
  "secrets.*.driver_opts": later(),
  "secrets.*.template_driver": later(),
  "services.*.configs": later(),
  configs: later(),
};

const wantedOf = ({ node, path }: Subject) => secretNameOf(String(path.at(-1)), node);

/** The operator's name of a declared secret; null when it is not one of theirs. */
export function secretNameOf(key: string, declaration: YamlNode | undefined): string | null {
  const environment = child(declaration, "environment");
  if (environment?.kind === "scalar" && environment.value !== "") return String(environment.value);
  const external = child(declaration, "external");
  if (external?.kind !== "scalar" || external.value !== true) return null;
  const given = child(declaration, "name");
  return given?.kind === "scalar" ? String(given.value) : key;
}
