import type { Counter } from "./count.ts";

/** Statements that write, as the server counts them (mariadb.com/kb, server status variables); they begin anew with it. */
const statements =
  "insert insert_select replace replace_select update update_multi delete delete_multi load truncate call_procedure";
const written = statements.split(" ").map((name) => `'Com_${name}'`);

/** Whoever has an account may ask for the server's status. */
export const mariadbCount: Counter = {
  script: `
client=$(command -v mariadb || command -v mysql)
password=\${MARIADB_ROOT_PASSWORD:-$MYSQL_ROOT_PASSWORD}
file=\${MARIADB_ROOT_PASSWORD_FILE:-$MYSQL_ROOT_PASSWORD_FILE}; [ -z "$file" ] || password=$(cat "$file")
count=$(MYSQL_PWD=$password "$client" --no-defaults --user=root --skip-column-names --batch \
  --execute="show global status where Variable_name in ('Uptime', ${written.join(", ")})") || exit 1
echo "mayfly $(date +%s) $(echo $count)"
`,
  isSame(before, now) {
    const [was, is] = [counts(before), counts(now)];
    // Both are in whole seconds.
    return Math.abs(was.started - is.started) <= 2 && was.statements === is.statements;
  },
};

function counts(text: string): { started: number; statements: string } {
  const [at = "", ...rest] = text.split(" ");
  const uptime = rest.indexOf("Uptime");
  const statements = uptime === -1 ? rest : rest.toSpliced(uptime, 2);
  return { started: Number(at) - Number(rest[uptime + 1]), statements: statements.join(" ") };
}

/** Its changes since the last save, when that was, and which run of the server counts. */
export const redisCount: Counter = {
  script: `
client=$(command -v redis-cli || command -v valkey-cli)
told=$("$client" info | tr -d '\\r' | grep -E '^(run_id|rdb_changes_since_last_save|rdb_last_save_time):') || exit 1
echo "mayfly $(echo $told)"
`,
  isSame: (before, now) => before === now,
};
