import { toValue } from "../../config/yaml-node.ts";
import { asWritten, honor, leaveIt, refuse, rewrite, type Rows, type Subject, unless, when } from "./policy-row.ts";
import { namesTheHost } from "../stack/service-network.ts";

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
  "services.*.networks.*.priority": honor(),
  "services.*.networks.*.gw_priority": rewrite("network-options", "not used", leaveIt),
  "services.*.networks.*.interface_name": rewrite("network-options", "not used", byName),
  "services.*.networks.*.driver_opts": rewrite("network-options", "not used", leaveIt),
  "services.*.network_mode": honor(
    "`none` is",
    rewrite(
      "network-mode",
      "the stack's own network, which the preview has instead of the host's",
      leaveIt,
      when("`bridge` or `default`", ({ node }) => ["bridge", "default"].includes(String(toValue(node)))),
    ),
    refuse("network-mode", "leaves the preview's own networks", ownNetworks, unless("none")),
  ),
  "services.*.external_links": refuse("external-links", "reaches containers outside the preview", ownNetworks),
  "services.*.links": honor("an alias in the networks that both are in"),
  "services.*.mac_address": fixed,
  "services.*.extra_hosts.*": honor(
    asWritten,
    rewrite(
      "host-gateway",
      "left out, a preview does not reach the machine it runs on",
      "Run what is called there as a service of the stack.",
      when("`host-gateway`", ({ node }) => namesTheHost(String(toValue(node)))),
    ),
    refuse("invalid-value", "must be HOST=ADDRESS", "Write an IP address.", when("no address", notAnAddress)),
  ),
  "services.*.dns.*": honor(
    "asked for what is not a name of the stack",
    refuse("invalid-value", "must be an IP address", "Write an IP address.", when("no address", notAnAddress)),
  ),
  "services.*.dns_opt": honor(),
  "services.*.dns_search": honor(),
  "services.*.domainname": honor(),
  "networks.*.internal": honor("without a way out"),
  "networks.*.driver": honor(
    "a bridge of the preview's own",
    rewrite(
      "network-driver",
      "a bridge of the preview's own, since a preview runs on one machine",
      leaveIt,
      when("`overlay`", ({ node }) => toValue(node) === "overlay"),
    ),
    refuse("network-driver", "joins the host's network", ownNetworks, unless("bridge", "default")),
  ),
  "networks.*.name": rewrite("name", "not used, every preview has networks of its own", leaveIt),
  "networks.*.labels": rewrite("labels", "not given to the engine", leaveIt),
  "networks.*.attachable": rewrite("network-options", "not used", leaveIt, unless(false)),
  "networks.*.ipam": rewrite("fixed-address", "not used, subnets are the preview's", leaveIt),
  "networks.*.external": rewrite(
    "external-network",
    "a network of the preview's own, with nothing of others in it",
    "Add what the service needs of it to the stack: it is reached by its service's name.",
    unless(false),
  ),
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

/** Whether what is written, after `HOST=`, cannot be an address: the engine would not make the container. */
function notAnAddress({ node }: Subject): boolean {
  const address = String(toValue(node)).replace(/^[^=]*=/, "");
  return !/^(\d{1,3}(\.\d{1,3}){3}|[\da-f:.]*:[\da-f:.]*)$/i.test(address);
}
