# shellcheck shell=sh
# Chromium, for the tests alone: they look at the preview and the dashboard as a reviewer does.

# The tests look in the same places, in the same order.
browser_path() {
  for candidate in "${MAYFLY_CHROMIUM:-}" /usr/bin/chromium /usr/bin/google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    [ ! -x "$candidate" ] || { echo "$candidate" && return; }
  done
  return 1
}

browser_ready() { browser_path >/dev/null; }

browser_why() { echo "Chromium, from Debian: the tests look at previews and the dashboard as a reviewer does"; }

browser_here() { echo "browser $(browser_path)"; }

browser_install() {
  can_install && [ "$os" = debian ] || fail "there is no Chromium, which the tests need" \
    "Debian: sudo apt-get install chromium" \
    "Others: install Google Chrome, or set MAYFLY_CHROMIUM to the browser's program file."
  run "Chromium" "See what apt says above." apt_install chromium
}
