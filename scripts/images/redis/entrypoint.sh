#!/bin/sh
# Starts Redis as the official image documents it: options alone mean the server, which is not root, and answers others
# without a password unless it is told one.
set -e

case ${1:-} in -* | *.conf) set -- redis-server "$@" ;; esac
[ "$1" = redis-server ] || exec "$@"
if [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
case " $* " in *" --protected-mode "*) exec "$@" ;; esac
exec "$@" --protected-mode no
