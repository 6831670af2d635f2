import { called, type Case, type Found, placeIn } from "./case.ts";
import type { SaidRow } from "./statements.ts";

/** What programs write of a variable that they cannot do without. */
export const variableRow: SaidRow = {
  id: "variable-empty",
  patterns: [
    /[Ee]nv(?:ironment)?[ -]?(?:[Vv]ar(?:iable)?s?)?(?: is| are)?(?: not found| missing)?:? {1,3}(?:named |key |for )?["'`$]?([A-Z][A-Z0-9_]{2,60})\b/,
    /["'`$]?\b([A-Z][A-Z0-9_]{2,60})\b["'`]?(?: \([^)]{1,40}\))?(?: environment variable| env var| variable| setting)?,? (?:must|is|was|are|has|cannot|can't|should|needs to)\b.{0,40}?\b(?:not set|required|missing|empty|not defined|undefined|unset|not provided|not specified|not configured|not present|set|defined|provided|specified|configured|blank)\b/,
    /\bKeyError: '([A-Z][A-Z0-9_]{2,60})'/,
    /\bkey not found: "([A-Z][A-Z0-9_]{2,60})"/,
    /[Mm]issing (?:required )?(?:config(?:uration)?|setting|variable|option)s?:? {0,3}["'`$]?([A-Z][A-Z0-9_]{2,60})\b/,
    /[Rr]equired key ([A-Z][A-Z0-9_]{2,60}) missing value/,
    /\b([A-Za-z_]\w{2,60}): (?:unbound variable|parameter not set|parameter null or not set)/,
    /^\S{1,60}: (?:line )?\d{1,5}: ([A-Z][A-Z0-9_]{2,60}): [^:]{1,100}$/,
    /["'`]?\b([A-Z][A-Z0-9_]{2,60})["'`]?: \[? ?["']?(?:Required|undefined|missing|Invalid input: expected string, received undefined)/,
    /Database is uninitialized and (superuser) password is not specified/,
    /Database is uninitialized and (password option) is not specified/,
    /[Mm]issing `?(secret_key_base)`?/,
    /No application (encryption key) has been specified/,
    /\bMissingSecret\b|\[(NO_SECRET)\]/,
  ],
  isPlain: true,
  judge(match, about) {
    // What a package manager says of its own settings is none of the application's.
    if (/^npm (?:error|ERR!|warn) /i.test(match.input)) return null;
    const name = knownNames[match[1] ?? "NO_SECRET"] ?? match[1] ?? "";
    return about.container === null ? null : judgeVariable(name, about);
  },
};

/** Of images and frameworks that say it in words of their own. */
const knownNames: Record<string, string> = {
  superuser: "POSTGRES_PASSWORD",
  "password option": "MYSQL_ROOT_PASSWORD",
  secret_key_base: "SECRET_KEY_BASE",
  "encryption key": "APP_KEY",
  NO_SECRET: "NEXTAUTH_SECRET",
};

/** Sure only where it has no value: what has one is complained of for something else. */
function judgeVariable(name: string, about: Case): Found | null {
  const { set, empty } = about.container?.variables ?? { set: [], empty: [] };
  const isSet = [name, name.toUpperCase()].some((each) => set.includes(each));
  if (isSet || words.has(name)) return null;
  const isEmpty = empty.includes(name);
  const where = isEmpty
    ? placeIn(about, `environment.${name}`, "environment", "env_file")
    : placeIn(about, "environment", "env_file", "");
  const now = isEmpty
    ? `Give it a value there, or under \`variables:\` in .mayfly.yaml where Compose takes it from outside; a secret under \`secrets:\`.`
    : `Set it under \`environment:\` of the service; a secret under \`secrets:\` in .mayfly.yaml.`;
  return { what: `${called(about)} needs the variable ${name}, which is ${isEmpty ? "empty" : "not set"}`, now, where };
}

/** Words in capitals that are no variables. */
const words = new Set([
  "ERROR",
  "FATAL",
  "WARNING",
  "WARN",
  "INFO",
  "DEBUG",
  "HTTP",
  "HTTPS",
  "SSL",
  "TLS",
  "URL",
  "JSON",
  "YAML",
  "SQL",
  "API",
  "TABLE",
  "COLUMN",
  "INDEX",
  "GET",
  "POST",
  "PUT",
  "NULL",
  "NOT",
  "CRITICAL",
  "UTC",
  "EOF",
]);
