# shellcheck shell=sh
# The official Docker Compose, for the tests alone: what it makes of a Compose file is what Mayfly must make of it.

# The first one that knows the current specification. The tests ask here, too.
compose_path() {
  for candidate in "${MAYFLY_COMPOSE:-}" "$(compose_own)" "${HOME:-}/.docker/cli-plugins/docker-compose" \
    /usr/local/lib/docker/cli-plugins/docker-compose /usr/local/libexec/docker/cli-plugins/docker-compose \
    /usr/lib/docker/cli-plugins/docker-compose /usr/libexec/docker/cli-plugins/docker-compose; do
    [ ! -x "$candidate" ] || ! compose_new "$candidate" || { echo "$candidate" && return; }
  done
  return 1
}

# Version 2.40 or newer: older ones do not know `models` or `provider`, and read other things otherwise.
compose_new() {
  case $("$1" version --short 2>/dev/null) in
    [01].* | 2.[0-9].* | 2.[1-3][0-9].* | "") false ;;
    *) true ;;
  esac
}

# Beside the machine's own, which stays what it is.
compose_own() { echo "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mayfly/docker-compose"; }

compose_ready() { compose_path >/dev/null; }

compose_why() { echo "Docker Compose 2.40 or newer, into $(compose_own): the tests compare with what it reads"; }

compose_here() { echo "Compose $("$(compose_path)" version --short)"; }

compose_install() {
  has apt-get && has dpkg-deb && [ -n "$(debian_mirror)" ] || fail "there is no Docker Compose 2.40 or newer, which the tests compare with" \
    "Install it (https://docs.docker.com/compose/install/), or set MAYFLY_COMPOSE to its program file."
  run "Docker Compose from Debian" "Is the Debian mirror of this machine reachable? See what apt says above." compose_fetch
  compose_ready || fail "$(compose_own) is no Docker Compose 2.40 or newer that runs here" \
    "Install one (https://docs.docker.com/compose/install/), or set MAYFLY_COMPOSE to its program file."
}

# One package of the next Debian, with lists and a cache of its own: neither apt nor dpkg of this machine hears of it.
compose_fetch() {
  mkdir -p "$scratch/compose/lists/partial" "$scratch/compose/archives/partial" && chmod -R 755 "$scratch" &&
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) forky main" >"$scratch/compose/sources" &&
    compose_apt update &&
    (cd "$scratch/compose" && compose_apt download docker-compose) &&
    dpkg-deb -x "$scratch"/compose/docker-compose_*.deb "$scratch/compose/package" &&
    mkdir -p "$(dirname "$(compose_own)")" &&
    cp "$scratch/compose/package/usr/libexec/docker/cli-plugins/docker-compose" "$(compose_own)"
}

compose_apt() {
  apt-get -o Dir::Etc::sourcelist="$scratch/compose/sources" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$scratch/compose/lists" -o Dir::Cache="$scratch/compose" -o Acquire::Languages=none "$@"
}
