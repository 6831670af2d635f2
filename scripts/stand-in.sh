# shellcheck shell=sh
# Stand-ins for official images, for machines that reach a Debian mirror but no image registry.
base=mayfly-standin/debian:trixie
certificates=/etc/ssl/certs/ca-certificates.crt

# What a stand-in is built from, as one number: a changed recipe (or trust of this machine) builds it anew.
source_of() { cat scripts/stand-in.sh "$certificates" "$@" 2>/dev/null | cksum | cut -d ' ' -f 1; }

# The folder that an image is built from: of its very tag, else of its name.
recipe_of() {
  of_tag=scripts/images/${1%%:*}-${1##*:}
  if [ -d "$of_tag" ]; then echo "$of_tag"; else echo "scripts/images/${1%%:*}"; fi
}

# The number an image was built from: empty for an official one, an error for one that is not there.
built_from() {
  "$docker" image inspect --format '{{index .Config.Labels "dev.mayfly.stand-in.source"}}' "$1" 2>/dev/null
}

stand_in() {
  if [ "$(built_from "$base")" != "$(source_of)" ]; then
    has mmdebstrap || run "mmdebstrap, which makes the Debian base" "See what apt says above." apt_install mmdebstrap
    run "Debian base for stand-ins" "Is the Debian mirror of this machine reachable?" stand_in_base
  fi
  run "$1: stand-in of that name, built from Debian packages" "Once mended, run the same command again." stand_in_build "$1" "$(recipe_of "$1")"
}

# Every stand-in trusts what this machine trusts (company proxies), also after an update-ca-certificates of its own.
stand_in_base() {
  cat "$certificates" "${NODE_EXTRA_CA_CERTS:-$certificates}" >"$scratch/host.crt"
  mmdebstrap --variant=minbase --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
    --customize-hook='mkdir -p "$1/etc/ssl/certs" "$1/usr/local/share/ca-certificates"' \
    --customize-hook="upload $scratch/host.crt $certificates" \
    --customize-hook="upload $scratch/host.crt /usr/local/share/ca-certificates/host.crt" \
    trixie "$scratch/base.tar" "$(debian_mirror)" &&
    "$docker" import --change "LABEL dev.mayfly.stand-in=true dev.mayfly.stand-in.source=$(source_of)" \
      --change "ENV NODE_EXTRA_CA_CERTS=$certificates" --change 'CMD ["bash"]' "$scratch/base.tar" "$base"
}

# A folder is a build context; its context.sh, if any, brings in what does not belong into git.
stand_in_build() {
  context=$scratch/$1
  outdated=$("$docker" image ls --quiet "$1")
  mkdir "$context" && cp "$2"/* "$context" &&
    { [ ! -f "$2/context.sh" ] || sh "$2/context.sh" "$context"; } &&
    "$docker" build --label "dev.mayfly.stand-in.source=$(source_of "$2"/*)" --tag "$1" "$context" || return 1
  # May be in use, and then stays.
  [ -z "$outdated" ] || "$docker" image rm "$outdated" || true
}
