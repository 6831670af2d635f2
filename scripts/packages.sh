# shellcheck shell=sh
# The npm packages, Node 24 among them: inside npm scripts it then comes before the machine's own.

# npm writes its hidden lock file last, so an interrupted install does not count.
packages_ready() {
  [ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]
}

packages_why() { echo "npm packages, Node 24 among them, into node_modules: everything Mayfly is written with"; }

packages_here() { echo "npm packages"; }

packages_install() {
  has npm || fail "there is no npm" "Install Node 20 or newer with npm (Debian: apt-get install nodejs npm; macOS: brew install node)."
  run "npm packages" "Is the npm registry reachable? Then run the same command again." packages_fetch
}

# Removed first: npm itself must not run on a Node that it is about to replace.
packages_fetch() { rm -rf node_modules && npm ci; }
