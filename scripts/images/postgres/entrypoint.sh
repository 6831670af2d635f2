#!/bin/bash
# Starts Postgres as the official image documents it: an empty volume is initialised first, by a server that only
# answers on its socket, so that nobody on the network meets a half-filled database.
set -Eeo pipefail # not -u: init scripts are sourced into this shell

refuse() {
  echo "Error: $1" >&2
  exit 1
}

# Any of the settings may come from a file named by NAME_FILE (Compose secrets).
setting() {
  local name=$1 file=${1}_FILE
  [ -z "${!name:-}" ] || [ -z "${!file:-}" ] || refuse "both $name and $file are set (but are exclusive)"
  [ -z "${!file:-}" ] || export "$name"="$(<"${!file}")"
  [ -n "${!name:-}" ] || export "$name"="${2:-}"
  unset "$file"
}

# Over the socket, whatever PGHOST says for the application's sake.
sql() {
  PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"
}

initialise() {
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  [ -n "$POSTGRES_PASSWORD" ] || [ "$method" = trust ] ||
    refuse "Database is uninitialized and superuser password is not specified. Set POSTGRES_PASSWORD to a
       non-empty value, or POSTGRES_HOST_AUTH_METHOD=trust to allow everybody in (not recommended)."
  # Synced once, after the init scripts, instead of after every file.
  eval "initdb --no-sync --username=\"\$POSTGRES_USER\" --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") $POSTGRES_INITDB_ARGS"
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"

  set -- "${@:2}" -c listen_addresses='' -p 5432
  PGUSER="${PGUSER:-$POSTGRES_USER}" pg_ctl -D "$PGDATA" -w start -o "$(printf '%q ' "$@")"
  [ "$POSTGRES_DB" = postgres ] ||
    POSTGRES_DB=postgres sql -v db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  run_scripts
  PGUSER="${PGUSER:-$POSTGRES_USER}" pg_ctl -D "$PGDATA" -m fast -w stop
  initdb --sync-only
}

run_scripts() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    echo "$0: running $file"
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) sql -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | sql ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
[ "$1" = postgres ] || exec "$@"
for word in "$@"; do
  case $word in -'?' | --help | --describe-config | -V | --version) exec "$@" ;; esac
done

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres: '{}' +
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

setting POSTGRES_PASSWORD
setting POSTGRES_USER postgres
setting POSTGRES_DB "$POSTGRES_USER"
setting POSTGRES_INITDB_ARGS
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  shopt -s nullglob
  initialise "$@"
  echo "PostgreSQL init process complete; ready for start up."
fi
unset PGPASSWORD
exec "$@"
