import { isPostgres } from "../seed/postgres.ts";
import type { Counter } from "./count.ts";

/** Sessions keep their counts to themselves for up to 10 s (PGSTAT_IDLE_INTERVAL of pgstat.c). */
const recentSeconds = 11;

const cluster = `select txid_snapshot_xmax(txid_current_snapshot()),
  coalesce((select extract(epoch from stats_reset)::text from pg_stat_bgwriter), ''),
  (select count(*) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'
    and state_change > now() - interval '${recentSeconds} seconds'),
  (select count(*) from pg_database where datallowconn and datname ~ '[^A-Za-z0-9_-]')`;

const tables = `select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0),
  coalesce(sum(autoanalyze_count + autovacuum_count + analyze_count + vacuum_count), 0) from pg_stat_user_tables`;

const databases = `select datname from pg_database where datallowconn and not datistemplate order by 1`;

/** Over the socket, where the official image asks for no password. */
const script = `
set -e
user=\${POSTGRES_USER:-postgres}; [ -z "\${POSTGRES_USER_FILE:-}" ] || user=$(cat "$POSTGRES_USER_FILE")
main=\${POSTGRES_DB:-$user}; [ -z "\${POSTGRES_DB_FILE:-}" ] || main=$(cat "$POSTGRES_DB_FILE")
ask() { PGHOST= PGHOSTADDR= psql --no-psqlrc -Atq -F ' ' --username="$user" --dbname="$1" --command="$2"; }
all=$(ask "$main" "${cluster}"); [ "\${all##* }" = 0 ] || exit 1
own= ; for name in $(ask "$main" "${databases}"); do own="$own $(ask "$name" "${tables}")"; done
echo "mayfly $all;$own"
`;

/**
 * The next transaction's number tells at once, and over a crash, that nothing was written. Where it moved it may have
 * been the autovacuum, which changes no row of a user's table.
 */
export const postgresCount: Counter = {
  is: isPostgres,
  script,
  isSame(before, now) {
    const [was, is] = [parse(before), parse(now)];
    if (was.transaction === is.transaction) return true;
    return was.reset === is.reset && was.rows === is.rows && was.vacuums !== is.vacuums && is.recent === "0";
  },
};

function parse(count: string): Record<"transaction" | "reset" | "recent" | "rows" | "vacuums", string> {
  const [all = "", own = ""] = count.split(";");
  const cells = all.split(" ");
  const numbers = own.trim().split(" ");
  const sum = (rest: number) =>
    String(numbers.reduce((total, each, index) => total + (index % 2 === rest ? Number(each) : 0), 0));
  const [transaction = "", reset = "", recent = ""] = cells;
  return { transaction, reset, recent, rows: `${numbers.length} ${sum(0)}`, vacuums: sum(1) };
}
