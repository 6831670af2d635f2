# shellcheck shell=sh
# The npm package `node` is the binary alone, so npm comes from its own package.
cp node_modules/node/bin/node "$1/node" && npm pack npm@11 --pack-destination "$1" && mv "$1"/npm-*.tgz "$1/npm.tgz"
