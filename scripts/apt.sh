# shellcheck shell=sh
# Debian packages: the only way this project installs anything outside its own folder.
os=$(. /etc/os-release 2>/dev/null && echo "${ID:-}") || os=
release=$(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-99}") || release=0
release=${release%%.*}

has() { command -v "$1" >/dev/null 2>&1; }

# Only root on Debian (12 or newer) and Ubuntu is helped along; everybody else is told what to install.
can_install() {
  case $os in debian | ubuntu) [ "$(id -u)" = 0 ] && has apt-get && [ "$release" -ge 12 ] ;; *) false ;; esac
}

# A machine may be in the middle of its own upgrade: wait for its lock instead of failing.
apt() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 "$@"; }

# The lists are read once a run. A broken source of somebody else's is not our business: installing tells.
apt_install() {
  [ -n "${lists_read:-}" ] || apt update || true
  lists_read=yes
  apt install -y --no-install-recommends "$@"
}

# The mirror this machine already uses, from either format of apt source: the address that ends in /debian.
debian_mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    awk '!/^[ \t]*#/ { for (i = 1; i <= NF; i++) if ($i ~ /:\/\/.*\/debian\/?$/) { print $i; exit } }'
}
