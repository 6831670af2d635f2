import { honor, later, leaveIt, refuse, rewrite, type Rows, unless } from "./policy-row.ts";

const ownNetworks = "Use the stack's own networks: services reach each other by name.";
const byName = "Reach the service by its name.";
const fixed = rewrite("fixed-address", "not used, addresses are the preview's", byName);

/** How services reach each other; nothing of it leads out of the preview. */
export const networkRows: Rows = {
  "services.*.networks.*": honor(),
  "services.*.networks.*.aliases": honor(),
  "services.*.networks.*.ipv4_address": fixed,
  "services.*.networks.*.ipv6_address": fixed,
  "services.*.networks.*.link_local_ips": fixed,
  "services.*.networks.*.mac_address": fixed,
  "services.*.networks.*.priority": later(),
  "services.*.networks.*.gw_priority": later(),
  "services.*.networks.*.interface_name": rewrite("network-options", "not used", byName),
  "services.*.networks.*.driver_opts": rewrite("network-options", "not used", leaveIt),
  "services.*.network_mode": refuse("network-mode", "leaves the preview's own networks", ownNetworks),
  "services.*.external_links": refuse("external-links", "reaches containers outside the preview", ownNetworks),
  "services.*.links": later(),
  "services.*.mac_address": fixed,
  "services.*.extra_hosts": later(),
  "services.*.dns": rewrite("dns", "not used, names are resolved by the engine", leaveIt),
  "services.*.dns_opt": rewrite("dns", "not used, names are resolved by the engine", leaveIt),
  "services.*.dns_search": later(),
  "services.*.domainname": later(),
  "networks.*.internal": honor("without a way out"),
  "networks.*.driver": refuse("network-driver", "is not bridge", ownNetworks, unless("bridge", "default")),
  "networks.*.name": rewrite("name", "not used, every preview has networks of its own", leaveIt),
  "networks.*.labels": rewrite("labels", "not given to the engine", leaveIt),
  "networks.*.attachable": rewrite("network-options", "not used", leaveIt, unless(false)),
  "networks.*.ipam": rewrite("fixed-address", "not used, subnets are the preview's", leaveIt),
  "networks.*.external": refuse("external-network", "reaches outside the preview", ownNetworks, unless(false)),
  "networks.*.driver_opts": rewrite("network-options", "not used", leaveIt),
  "networks.*.enable_ipv4": rewrite(
    "network-options",
    "not used, networks of previews are IPv4",
    leaveIt,
    unless(true),
  ),
  "networks.*.enable_ipv6": rewrite(
    "network-options",
    "not used, networks of previews are IPv4",
    leaveIt,
    unless(false),
  ),
};
