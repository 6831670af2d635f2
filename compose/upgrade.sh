#!/bin/sh
# Upgrades the Mayfly of compose.yaml without losing a request (docs/operations.md). Run it where `docker compose up` is
# run, with the same environment; arguments are Compose's own, such as -f tls.yaml. MAYFLY_IMAGE=… pulls instead of building.
set -eu
cd "$(dirname "$0")"
compose() { docker compose -f compose.yaml "$@"; }

if [ -n "${MAYFLY_IMAGE:-}" ]; then compose "$@" pull mayfly; else compose "$@" build mayfly; fi
running=$(compose "$@" ps --quiet mayfly)
[ -n "$running" ] || { echo "Mayfly does not run: docker compose -f compose.yaml up --detach" >&2; exit 1; }

echo "The new version takes over."
# What ended well would be started again, and take over from its successor.
docker update --restart=no "$running" >/dev/null
bridge=$(compose "$@" run --detach --rm --no-deps mayfly serve --replace)
# Waits for the old one's end; if the new one ends first, the old one goes on.
while [ "$(docker inspect --format '{{.State.Running}}' "$running")" = true ]; do
  docker inspect "$bridge" >/dev/null 2>&1 || {
    docker update --restart=unless-stopped "$running" >/dev/null
    echo "The new version did not start; the old one goes on. Try: docker compose run --rm mayfly serve --replace" >&2
    exit 1
  }
  sleep 1
done

echo "Its container is made anew, and takes over in its turn."
compose "$@" up --detach --no-deps --force-recreate --wait mayfly
docker wait "$bridge" >/dev/null 2>&1 || true
echo "Upgraded."
