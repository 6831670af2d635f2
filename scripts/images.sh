# shellcheck shell=sh
# The base images of the examples (and those of the templates, for the tests): official ones where a registry answers,
# else stand-ins built from Debian packages.
# To add one: its name here, and a folder scripts/images/NAME (or NAME-TAG) for its stand-in.
base_images="node:24 postgres:17"
[ "${1:-demo}" != test ] || base_images="$base_images python:3.13 nginx:stable mariadb:11 redis:8 postgres:15"
. scripts/stand-in.sh

# Says "official" or "stand-in"; fails when the engine has neither, or an outdated stand-in.
image_kind() {
  number=$(built_from "$1") || return 1
  [ -n "$number" ] || { echo official && return; }
  [ "$number" = "$(source_of "$(recipe_of "$1")"/*)" ] && echo stand-in
}

images_missing() {
  for image in $base_images; do image_kind "$image" >/dev/null || echo "$image"; done
}

images_ready() { [ -z "$(images_missing)" ]; }

images_why() {
  echo "base images ($base_images), unless the engine has them: official, or stand-ins if no registry answers"
}

images_here() {
  for image in $base_images; do
    printf '%s%s (%s)' "${separator:-}" "$image" "$(image_kind "$image")"
    separator=", "
  done
}

# One probe decides for all images whether there is a registry.
images_install() {
  registry=unknown
  for image in $(images_missing); do
    if [ "$registry" = unknown ]; then
      pull "$image" && continue
      registry=no
    fi
    can_install && [ -n "$(debian_mirror)" ] || fail "$image can be neither pulled nor built here" \
      "docker pull says: $why_not" \
      "Give the engine a registry it can reach (docker pull $image must work)," \
      "or run this as root on Debian, where a stand-in is built from Debian packages."
    stand_in "$image"
  done
}

# A registry that has not named the image after 5 s counts as none; the download itself may take its time.
pull() {
  printf '  %s: asking for the official image ... ' "$1"
  began=$(date +%s) tries=0
  : >"$log"
  "$docker" pull "$1" >"$log" 2>&1 </dev/null &
  while kill -0 $! 2>/dev/null && ! grep -q 'Pulling from' "$log"; do
    tries=$((tries + 1))
    [ "$tries" -le 25 ] || kill $! || true
    sleep 0.2
  done
  if wait $!; then
    say "pulled in $(($(date +%s) - began)) s"
    return 0
  fi
  why_not=$(tail -n 1 "$log")
  [ "$tries" -le 25 ] || why_not="no answer within 5 s"
  say "not to be had: $why_not"
  return 1
}
