# shellcheck shell=sh
# How every step speaks: one line each, with its seconds, and the failing tool's last lines.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mayfly-ready.XXXXXX")
log=$scratch/log
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

say() { printf '%s\n' "$@"; }

# fail WHAT WHAT-NOW...: the end of the road, with one line for each thing to do.
fail() {
  say "" "Mayfly could not get ready: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
} >&2

# run TITLE HINT COMMAND...: one step. Its output is kept and shown only when it fails.
run() {
  title=$1 hint=$2
  shift 2
  began=$(date +%s)
  printf '  %s ... ' "$title"
  if "$@" >"$log" 2>&1 </dev/null; then
    say "done in $(($(date +%s) - began)) s"
  else
    say "failed after $(($(date +%s) - began)) s. Its last lines:"
    tail -n 25 "$log" | sed 's/^/    | /'
    fail "$title failed" "$hint"
  fi
}
