#!/bin/sh
# compose-jail.sh COMPOSE PROJECTS ANSWERS ROOT NAME: `docker compose config` of every project in PROJECTS, in namespaces of its own:
# without network, environment, or any file but the system's programs; read-only, unprivileged, limited in memory and time.
# PROJECTS/N is a folder, PROJECTS/N.files the Compose files' paths in it; ANSWERS gets N.json, N.err and N.code.
set -eu
compose=$1 projects=$2 answers=$3 root=$4 name=$5
mount -t tmpfs -o size=16m,mode=755 jail "$root"
cd "$root"
mkdir usr dev w out
for folder in bin lib lib64; do
  if [ -L "/$folder" ]; then cp -P "/$folder" .; elif [ -d "/$folder" ]; then mkdir "$folder" && mount -o bind,ro "/$folder" "$folder"; fi
done
: >dev/null
mount --bind /dev/null dev/null
mount -o bind,ro /usr usr
: >compose
mount -o bind,ro "$compose" compose
mount -o bind,ro "$projects" w
mount --bind "$answers" out
cat >ask <<'END'
number=$1
shift
while read -r file; do set -- "$@" -f "/w/$number/$file"; done <"/w/$number.files"
# There people start it, and there $PWD is.
cd "$(dirname "$2")"
# Compose minds no gentler signal. 2 GiB of address space: Go reserves most of what it never uses.
ulimit -v 2097152
timeout -s KILL 20 /compose -p "$project" "$@" config --format json >"/out/$number.json" 2>"/out/$number.err" </dev/null
echo $? >"/out/$number.code"
END
user=
[ "$(cat /proc/self/uid_map | awk '{ print $3; exit }')" = 1 ] || user="--userspec=65534:65534 --groups="
find w -mindepth 1 -maxdepth 1 -type d -printf '%f\n' |
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nowhere project="$name" chroot $user . setpriv --no-new-privs xargs -P 4 -n 1 sh /ask
