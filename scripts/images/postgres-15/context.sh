# shellcheck shell=sh
# It starts as the other version does.
cp scripts/images/postgres/entrypoint.sh "$1/entrypoint.sh"
