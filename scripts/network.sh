# shellcheck shell=sh
# Network tools, for the tests alone: one starts a second engine in a network of its own, and shows the firewall.

network_ready() { has ip && has nsenter && has iptables; }

network_why() { echo "ip, nsenter and iptables: the tests stop and start an engine of their own, in a network of its own"; }

network_here() { ip -V | sed 's/.*iproute2-\([^,]*\).*/iproute2 \1/'; }

network_install() {
  can_install || fail "there is no ip, nsenter or iptables" "Debian: sudo apt-get install iproute2 iptables util-linux" \
    "The tests that need them run on Linux, as root."
  run "network tools" "See what apt says above." apt_install iproute2 iptables util-linux
}
