#!/bin/sh
# Makes this machine ready for `npm run demo` or `npm test`: looks what is missing, says so, installs only that.
# Runs before anything of ours is installed: POSIX sh, with npm and any Node. Usage: ready.sh demo|test|proxies
#
# Each part PART.sh has four functions: PART_ready (quiet), PART_why (what and what for), PART_install, PART_here.
set -eu
cd "$(dirname "$0")/.."
parts="packages git engine images"
case ${1:-demo} in test) parts="$parts network browser compose" ;; proxies) parts="$parts proxies" ;; esac
for file in say apt $parts; do . "scripts/$file.sh"; done

# Two at once would install the same things twice: the second waits here, and then finds them.
if has flock; then
  exec 9>>"${TMPDIR:-/tmp}/mayfly-ready-$(id -u).lock"
  flock -n 9 || { say "Another set-up is under way on this machine; waiting for it." && flock 9; }
fi

start=$(date +%s)
missing=
for part in $parts; do "${part}_ready" || missing="$missing $part"; done

if [ -n "$missing" ]; then
  say "Mayfly sets this machine up. What is missing, and what for:"
  for part in $missing; do say "  - $("${part}_why")"; done
  for part in $missing; do "${part}_ready" || "${part}_install"; done
  say "Set up in $(($(date +%s) - start)) s."
fi

present=
for part in $parts; do present="$present${present:+, }$("${part}_here")"; done
say "Ready: $present."
