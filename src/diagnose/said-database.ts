import {
  called,
  type Case,
  type Found,
  isServer,
  others,
  placeIn,
  quote,
  serverPort,
  serviceAt,
  variableLike,
  variablePlace,
} from "./case.ts";
import type { SaidRow } from "./statements.ts";

/** What databases answer when they let nobody in, or have not what is asked for. */
export const databaseRows: readonly SaidRow[] = [
  {
    id: "database-password",
    patterns: [
      /password authentication failed for user "([^"]{1,63})"/,
      /Access denied for user '([^']{0,80})'@'[^']{0,255}'/,
      /(?:E|e)rror: P1000\b|Authentication failed against (?:the )?database server/,
      /SCRAM-SERVER-FIRST-MESSAGE: client password must be a string/,
      /fe_sendauth: no password supplied/,
      /\bMongoServerError: Authentication failed|Authentication failed\., full error: .{0,40}code: 18/,
      /\bWRONGPASS\b|\bNOAUTH Authentication required|invalid username-password pair/,
    ],
    judge: (match, about) => (isServer(about) ? null : passwordRefused(match, about)),
  },
  {
    id: "database-missing",
    patterns: [
      /database "([^"]{1,63})" does not exist/,
      /Unknown database '([^']{1,64})'/,
      /Database `([^`]{1,64})` does not exist/,
    ],
    judge(match, about) {
      if (isServer(about)) return null;
      const name = quote(match[1] ?? "", 63);
      const { where, told } = variablePlace(
        about,
        variableLike(about, (value) => value.includes(name)),
      );
      const made = databaseNamed(about);
      const now = `Use the name that the database is made with${made}${told === "" ? "" : `: it is said in${told.replace(/[()]/g, "")}`}. Data that is there keeps its names: \`/reset\` makes it anew.`;
      return { what: `${called(about)} asks for the database ${name}, which is not there`, now, where };
    },
  },
  {
    id: "database-user",
    patterns: [/role "([^"]{1,63})" does not exist/],
    judge(match, about) {
      if (isServer(about)) return null;
      const name = quote(match[1] ?? "", 63);
      const { where } = variablePlace(
        about,
        variableLike(about, (value) => value.includes(name)),
      );
      const now =
        "Use the user that the database is made with (POSTGRES_USER). Data that is there keeps its users: `/reset` makes it anew.";
      return { what: `${called(about)} signs in to the database as ${name}, which has no such user`, now, where };
    },
  },
  {
    id: "database-tls",
    patterns: [
      /server does not support SSL connections/,
      /server does not support SSL, but SSL was required/,
      /SSL is not enabled on the server/,
    ],
    judge(_match, about) {
      const name = variableLike(about, (value) => /sslmode=(?:require|verify)|ssl=true/i.test(value));
      const { where, told } = variablePlace(about, name);
      const now = `The preview's database speaks plain TCP: ask for no SSL${told}, \`sslmode=disable\` in a URL.`;
      return { what: `${called(about)} asks the database for SSL, which it does not have`, now, where };
    },
  },
  {
    id: "database-version",
    patterns: [/data directory was initialized by PostgreSQL version (\d{1,3}).{0,80}version (\d{1,3})/],
    judge: (match, about) => ({
      what: `the data of ${called(about)} was made by PostgreSQL ${match[1]}, and the image is ${match[2]}`,
      now: `Keep the image at ${match[1]}, or give the preview new data with \`/reset\`.`,
      where: placeIn(about, "image"),
    }),
  },
];

function passwordRefused(match: RegExpExecArray, about: Case): Found {
  const user = quote(match[1] ?? "", 63);
  const as = user === "" ? "" : ` as ${user}`;
  const isUrl = (value: string) => /^[a-z][a-z0-9+.-]{1,30}:\/\/[^/]{1,200}@/i.test(value);
  const name =
    variableLike(about, (_value, each) => /PASS(?:WORD|WD)?$/.test(each)) ??
    variableLike(about, (value) => isUrl(value));
  const { where, told } = variablePlace(about, name);
  const now = `Give it the password${told} that the database is made with${passwordOf(about)}. Data that is there keeps its passwords: \`/reset\` makes it anew.`;
  return { what: `the database refused the password of ${called(about)}${as}`, now, where };
}

/** The stack's database, where there is one that can be meant. */
function databases(about: Case): { name: string; environment: Record<string, string> }[] {
  return others(about).filter((each) => [5432, 3306, 27_017, 6379].includes(serverPort(each) ?? 0));
}

function passwordOf(about: Case): string {
  const [database, more] = databases(about);
  if (database === undefined || more !== undefined) return "";
  const name = Object.keys(database.environment).find((each) => /PASSWORD/.test(each));
  return name === undefined ? "" : ` (${name} of \`${database.name}\`)`;
}

function databaseNamed(about: Case): string {
  const database = serviceAt(about, 5432) ?? serviceAt(about, 3306);
  const name = Object.keys(database?.environment ?? {}).find((each) => /_(?:DB|DATABASE)$/.test(each));
  return database === null || name === undefined ? "" : ` (${name} of \`${database.name}\`)`;
}
