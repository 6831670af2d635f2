import {
  committed,
  type DatabaseTool,
  howItEnded,
  lastWord,
  type Running,
  type SeedFile,
  seedFailed,
  withEnd,
} from "./tool.ts";

/**
 * Who may do everything, and in which database, as the official images are told (hub.docker.com/_/mariadb, …/_/mysql):
 * root, or the user where root's password is the image's own secret. `$tool` is the program under its name of today, or
 * MySQL's.
 */
const prelude = `
tool=$1; shift
if ! command -v "$tool" >/dev/null; then tool=\${tool#mariadb}; tool=mysql\${tool#-}; fi
of() { eval "v=\\\${MARIADB_$1-}; f=\\\${MARIADB_$1_FILE-}"
  [ -n "$v$f" ] || eval "v=\\\${MYSQL_$1-}; f=\\\${MYSQL_$1_FILE-}"
  [ -z "$f" ] || v=$(cat "$f"); printf %s "$v"; }
user=root; password=$(of ROOT_PASSWORD); database=$(of DATABASE)
if [ -n "$(of RANDOM_ROOT_PASSWORD)" ]; then user=$(of USER); password=$(of PASSWORD); fi
[ -z "$password" ] || export MYSQL_PWD="$password"
`;
const client = `${prelude}exec "$tool" "$@" --user="$user" \${database:+"--database=$database"}`;
const admin = `${prelude}exec "$tool" "$@" --user="$user"`;

/** MariaDB and MySQL by their images' own client. */
export const mariadb: DatabaseTool = {
  // By address: while the image sets a new database up, it listens on its socket only. Who is refused is answered as well.
  readyCheck: () => mariadbCommand("mariadb-admin", ["--protocol=tcp", "--host=127.0.0.1", "--silent", "ping"]),
  load: runScript,
};

/** A program of the image, under MySQL's name where it has none of MariaDB's, by an account that may do everything. */
export function mariadbCommand(
  tool: "mariadb" | "mariadb-admin" | "mariadb-dump",
  options: readonly string[],
): string[] {
  return inShell(admin, tool, options);
}

function inShell(script: string, tool: string, options: readonly string[]): string[] {
  return ["sh", "-c", script, "sh", tool, ...options];
}

/** Rows are committed together; tables are there at once, as always in MariaDB. */
async function runScript(database: Running, file: SeedFile): Promise<void> {
  const options = [
    "--batch",
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
    "--init-command=SET autocommit=0",
  ];
  const { exitCode, lines } = await database.execute({
    command: inShell(client, "mariadb", options),
    input: withEnd(file.content, endOf),
  });
  if (exitCode === 0 && lines.some((line) => line.includes(committed))) return;
  const error = lines.findLast((line) => /^ERROR\b/.test(line));
  const [, line, text] = /^ERROR \d+ (?:\(\w+\) )?at line (\d+): (.*)$/.exec(error ?? "") ?? [];
  // What it does not understand is our last word, in a text that was never closed.
  const isOpen = text?.includes(committed) ? "a quote or a comment is open at its end" : undefined;
  const ended = exitCode === 0 ? "its end was not reached" : howItEnded("the client", exitCode);
  const where = line === undefined ? file.name : `${file.name}:${line}`;
  throw seedFailed(database.service, { where, what: isOpen ?? text ?? error ?? lines.at(-1) ?? ended, lines });
}

/** A last statement without its end is ended; what ends statements may be another word by then. */
function endOf(tail: string): string {
  const delimiter = [...tail.matchAll(/^[ \t]*delimiter[ \t]+(\S+)[ \t\r]*$/gim)].at(-1)?.[1] ?? ";";
  const last = lastWord(tail);
  const isEnded = last.endsWith(delimiter) || last.endsWith("*/") || /^delimiter\s/i.test(last);
  return `\n${isEnded ? "" : `${delimiter}\n`}DELIMITER ;\nCOMMIT;\nSELECT '${committed}';\n`;
}
