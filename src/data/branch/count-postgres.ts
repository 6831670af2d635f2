import type { Counter } from "./count.ts";

/** Sessions keep their counts to themselves for up to 10 s (PGSTAT_IDLE_INTERVAL of pgstat.c). */
const recentSeconds = 11;

/** Of all databases the account's own is looked at table by table: what maintenance writes is not in there. */
const query = `select txid_snapshot_xmax(txid_current_snapshot()),
  coalesce((select extract(epoch from stats_reset)::text from pg_stat_bgwriter), '-'),
  (select count(*) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'
    and state_change > now() - interval '${recentSeconds} seconds'),
  (select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables)
    + (select coalesce(sum(tup_inserted + tup_updated + tup_deleted), 0) from pg_stat_database
       where datname <> current_database()),
  (select coalesce(sum(autoanalyze_count + autovacuum_count + analyze_count + vacuum_count), 0) from pg_stat_user_tables)`;

/** Over the socket, where the official image asks for no password. */
const script = `
user=\${POSTGRES_USER:-postgres}; [ -z "\${POSTGRES_USER_FILE:-}" ] || user=$(cat "$POSTGRES_USER_FILE")
name=\${POSTGRES_DB:-$user}; [ -z "\${POSTGRES_DB_FILE:-}" ] || name=$(cat "$POSTGRES_DB_FILE")
export PGHOST= PGHOSTADDR=
exec psql --no-psqlrc -Atq -F ' ' --username="$user" --dbname="$name" --command="select 'mayfly', told.* from (${query}) told"
`;

/**
 * The next transaction's number tells at once, and over a crash, that nothing was written. Where it moved it may have
 * been the autovacuum, which changes no row of a user's table.
 */
export const postgresCount: Counter = {
  script,
  isSame(before, now) {
    const [was, is] = [parse(before), parse(now)];
    if (was.transaction === is.transaction) return true;
    return was.reset === is.reset && was.rows === is.rows && was.vacuums !== is.vacuums && is.recent === "0";
  },
};

function parse(count: string): Record<"transaction" | "reset" | "recent" | "rows" | "vacuums", string> {
  const [transaction = "", reset = "", recent = "", rows = "", vacuums = ""] = count.split(" ");
  return { transaction, reset, recent, rows, vacuums };
}
