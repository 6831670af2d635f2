import { external } from "./external-form.ts";
import { fields, type Form, listOf, named, orWritten } from "./form.ts";
import { plainTruncated } from "./quantity-forms.ts";
import { choiceFlag, flag, labels, namesToMap, options, text, texts } from "./value-forms.ts";

/** A service's `networks`: a list of names, or a map of settings; each may be nothing. */
export const joinedNetworks: Form = orWritten(
  named(
    fields({
      aliases: texts,
      interface_name: text,
      ipv4_address: text,
      ipv6_address: text,
      link_local_ips: texts,
      mac_address: text,
      driver_opts: options,
      priority: plainTruncated,
      gw_priority: plainTruncated,
    }),
    "kept",
  ),
  namesToMap,
);

const addressPool = fields({ subnet: text, ip_range: text, gateway: text, aux_addresses: options });

/** Read, but not kept: `docker compose config` leaves them out, too. */
const unprinted: Form = { ...options, print: () => undefined };

const network = external(
  fields(
    {
      name: text,
      driver: text,
      driver_opts: options,
      ipam: fields({ driver: text, config: listOf(addressPool), options: unprinted }),
      internal: flag,
      enable_ipv4: choiceFlag,
      enable_ipv6: choiceFlag,
      attachable: flag,
      labels,
    },
    { always: { ipam: {} } },
  ),
);

/** Top-level `networks` (Compose specification, Networks top-level element). */
export const networks: Form = named(network, "made");
