# shellcheck shell=sh
# The Docker engine that runs the previews. One that answers is used as it is.

# Another client without plugins may come first on PATH.
docker=docker
[ ! -x /usr/bin/docker ] || docker=/usr/bin/docker
engine_log=/var/log/mayfly-dockerd.log

engine_version() { "$docker" version --format '{{.Server.Version}}' 2>/dev/null; }

engine_ready() { engine_version >/dev/null; }

engine_why() { echo "Docker Engine, from Debian trixie: runs the previews (one that answers would be used as it is)"; }

engine_here() {
  version=$(engine_version)
  [ "${version%%.*}" -ge 26 ] 2>/dev/null || version="$version (older than 26: not tested)"
  echo "Docker engine $version"
}

engine_install() {
  [ -z "${DOCKER_HOST:-}" ] || fail "DOCKER_HOST is $DOCKER_HOST, and no engine answers there" "$(docker_says)" \
    "Start that engine, or unset DOCKER_HOST to use the one of this machine."
  if ! has dockerd; then
    can_install || engine_advice
    run "Docker engine from Debian" "See what apt says above; then run the same command again." engine_packages
    [ ! -x /usr/bin/docker ] || docker=/usr/bin/docker
  fi
  [ "$(id -u)" = 0 ] || engine_advice
  run "Docker engine starts" "Its whole log: $engine_log" engine_start
}

engine_packages() {
  if [ "$os" = ubuntu ]; then
    apt_install docker.io docker-buildx docker-compose-v2
  elif [ "$release" -ge 13 ]; then
    apt_install docker.io docker-cli docker-buildx docker-compose iptables
  else
    # bookworm's own engine is 20.10, without Compose v2. Priority 100: nothing else moves to trixie.
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || { echo "no Debian mirror in /etc/apt/sources.list*"; return 1; }
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
      >/etc/apt/sources.list.d/mayfly-trixie.list
    printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' >/etc/apt/preferences.d/mayfly-trixie
    lists_read=
    apt_install docker.io/trixie containerd/trixie docker-cli/trixie docker-buildx/trixie docker-compose/trixie iptables
  fi
}

engine_start() {
  tries=0 spawned=
  until engine_ready; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ]; then
      return 1
    elif [ -d /run/systemd/system ]; then
      [ "$tries" -gt 1 ] || systemctl start docker || return 1
    elif [ -n "$spawned" ]; then
      kill -0 "$spawned" || { cat "$engine_log" && return 1; }
    else
      # One that is just starting or stopping is waited for.
      runs /var/run/docker.pid dockerd || engine_spawn
    fi
    sleep 0.5
  done
}

# Where no service manager runs (or policy denies services) nobody else starts it. It outlives this project's
# folder, so it takes nothing from there.
engine_spawn() {
  runs /run/docker/containerd/containerd.pid containerd || true
  env -C / PATH=/usr/sbin:/usr/bin:/sbin:/bin setsid dockerd >>"$engine_log" 2>&1 </dev/null 9>&- &
  spawned=$!
}

# runs PIDFILE NAME: is the process in this file still that program? After a crash or a restart of the machine the
# number may belong to something else, which dockerd would take for itself; such a file goes.
runs() {
  case $(readlink "/proc/$(cat "$1" 2>/dev/null)/exe") in
    */"$2"*) true ;;
    *) rm -f "$1" && return 1 ;;
  esac
}

docker_says() { echo "docker version says: $("$docker" version 2>&1 >/dev/null | tail -n 1)"; }

engine_advice() {
  fail "no Docker engine answers, and it cannot be installed from here (that takes root on Debian)" \
    "$(docker_says)" \
    "Mayfly needs Docker Engine 26 or newer. Install it, then run the same command again." \
    "" \
    "Debian 13 or newer:  sudo apt-get install docker.io docker-cli docker-buildx docker-compose" \
    "Debian 12:           sudo npm run demo   (once; it installs and starts the engine)" \
    "Ubuntu 24.04:        sudo apt-get install docker.io docker-buildx docker-compose-v2" \
    "macOS:               brew install --cask docker   (then open Docker Desktop once)" \
    "" \
    "Installed already?   sudo systemctl start docker; sudo usermod -aG docker \$USER   (then log in again)"
}
