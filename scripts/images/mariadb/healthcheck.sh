#!/bin/sh
# The official image's check, as far as stacks ask it: --connect, --innodb_initialized. The server answers over TCP, which
# the one that initializes does not; that it refuses the account is an answer.
answer=$(mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --user=healthcheck -e 'SELECT 1' 2>&1) && exit 0
case $answer in *'Access denied'*) exit 0 ;; esac
echo "$answer" >&2
exit 1
