#!/bin/bash
# Starts MariaDB as the official image documents it: an empty volume is initialized first, by a server that only answers
# on its socket, so that nobody on the network meets a half-filled database.
set -Eeo pipefail # not -u: init scripts are sourced into this shell

socket=/run/mysqld/mysqld.sock

refuse() {
  echo "[ERROR] [Entrypoint]: $1" >&2
  exit 1
}

# MARIADB_NAME, or its older name MYSQL_NAME; either may come from a file named by …_FILE (Compose secrets).
setting() {
  local name file
  for name in "MARIADB_$1" "MYSQL_$1"; do
    file=${name}_FILE
    [ -z "${!name:-}" ] || [ -z "${!file:-}" ] || refuse "both $name and $file are set (but are exclusive)"
    [ -z "${!file:-}" ] || export "$name"="$(<"${!file}")"
    unset "$file"
    [ -z "${!name:-}" ] || { export "MARIADB_$1"="${!name}" && break; }
  done
}

sql() { MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb --no-defaults --protocol=socket --socket="$socket" --user=root "$@"; }

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")"; }

initialize() {
  [ -z "${MARIADB_RANDOM_ROOT_PASSWORD:-}" ] || {
    MARIADB_ROOT_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "[Note] [Entrypoint]: GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
  }
  [ -n "${MARIADB_ROOT_PASSWORD:-}${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}" ] ||
    refuse "Database is uninitialized and password option is not specified
	You need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD"
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db >/dev/null
  local password=${MARIADB_ROOT_PASSWORD:-}
  MARIADB_ROOT_PASSWORD=
  "$@" --skip-networking --socket="$socket" &
  local server=$!
  until sql -e 'SELECT 1' >/dev/null 2>&1; do
    kill -0 "$server" || refuse "Unable to start server."
    sleep 0.1
  done
  accounts "$password" | sql
  MARIADB_ROOT_PASSWORD=$password
  run_scripts
  kill "$server"
  wait "$server"
}

accounts() {
  printf "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1', 'root'@%s;\n" "$(quoted "$(uname -n)")"
  [ -z "$1" ] || echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$1");"
  echo "CREATE USER 'root'@'${MARIADB_ROOT_HOST:-%}' IDENTIFIED BY $(quoted "$1");"
  echo "GRANT ALL ON *.* TO 'root'@'${MARIADB_ROOT_HOST:-%}' WITH GRANT OPTION;"
  [ -z "$MARIADB_DATABASE" ] || echo "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"
  [ -z "$MARIADB_USER" ] || echo "CREATE USER $(quoted "$MARIADB_USER")@'%' IDENTIFIED BY $(quoted "$MARIADB_PASSWORD");"
  [ -z "$MARIADB_USER" ] || [ -z "$MARIADB_DATABASE" ] ||
    echo "GRANT ALL ON \`${MARIADB_DATABASE//_/\\_}\`.* TO $(quoted "$MARIADB_USER")@'%';"
}

run_scripts() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    echo "[Note] [Entrypoint]: $0: running $file"
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) sql ${MARIADB_DATABASE:+"--database=$MARIADB_DATABASE"} <"$file" ;;
      *.sql.gz) gunzip -c "$file" | sql ${MARIADB_DATABASE:+"--database=$MARIADB_DATABASE"} ;;
      *) echo "[Warn] [Entrypoint]: $0: ignoring $file" ;;
    esac
  done
}

[ "${1:0:1}" != - ] || set -- mariadbd "$@"
[ "$1" != mysqld ] || set -- mariadbd "${@:2}"
[ "$1" = mariadbd ] || exec "$@"
for word in "$@"; do
  case $word in -'?' | --help | --print-defaults | -V | --version) exec "$@" ;; esac
done

data=$("$@" --verbose --help 2>/dev/null | awk '$1 == "datadir" { print $2; exit }')
data=${data:-/var/lib/mysql}
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data"
  find "$data" /run/mysqld \! -user mysql -exec chown mysql: '{}' +
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
fi

for name in ROOT_PASSWORD ROOT_HOST ALLOW_EMPTY_ROOT_PASSWORD RANDOM_ROOT_PASSWORD DATABASE USER PASSWORD; do setting "$name"; done
if [ ! -d "$data/mysql" ]; then
  shopt -s nullglob
  initialize "$@"
  echo "[Note] [Entrypoint]: MariaDB init process done. Ready for start up."
fi
exec "$@"
