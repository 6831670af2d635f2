#!/bin/sh
# A flag, or a word that is no command, is meant for node (`docker run node:24 server.js`).
case "$1" in
  -*) set -- node "$@" ;;
  *) command -v -- "$1" >/dev/null || set -- node "$@" ;;
esac
exec "$@"
