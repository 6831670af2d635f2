# shellcheck shell=sh
# nginx, Caddy and wrk, for `npm run bench gateway` alone: the proxies that ours is measured against, and the load.

proxies_ready() { has nginx && has caddy && has wrk; }

proxies_why() { echo "nginx, Caddy and wrk, from Debian: npm run bench gateway measures ours beside them"; }

proxies_here() { echo "nginx, Caddy, wrk"; }

proxies_install() {
  can_install || fail "there is no nginx, Caddy or wrk, which this benchmark needs" \
    "Debian: sudo apt-get install nginx-light caddy wrk (and stop the two services again)"
  run "nginx, Caddy and wrk" "See what apt says above." proxies_fetch
}

# Debian starts a service when its package comes: here only the programs are wanted.
proxies_fetch() {
  for program in nginx caddy; do
    has "$program" || new="${new:-} $program"
  done
  apt_install nginx-light caddy wrk || return 1
  if has systemctl; then
    for program in ${new:-}; do systemctl disable --now "$program" >/dev/null 2>&1 || true; done
  fi
}
