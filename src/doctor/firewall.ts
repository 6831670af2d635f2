import { type Check, ok, warn } from "./check.ts";

export type Firewall = {
  /** Named after the pool: two Mayflies on a machine have one each. */
  chains: { input: string; forward: string };
  /** For `iptables-restore --noflush`: both chains as they should be, at once. */
  table: string;
  /** What leads into them: chain of the kernel's or the engine's, chain of ours. */
  jumps: { from: string; to: string }[];
};

/** Where link-local services are, a cloud's metadata at 169.254.169.254 among them (RFC 3927). */
const linkLocal = "169.254.0.0/16";

/**
 * The rules that keep containers of previews and build steps from this host, Mayfly's own port and the metadata address.
 * Answers to what the host began (the gateway, probes) pass; the internet, DNS and other containers are not touched.
 * `builds` is the network of build steps, the engine's own bridge.
 */
export function firewallOf({ pool, builds }: { pool: string; builds: string | null }): Firewall {
  const sources = builds === null ? [pool] : [pool, builds];
  // At most 28 characters (iptables(8)).
  const name = pool.replace("/", "-");
  const chains = { input: `MAYFLY-IN-${name}`, forward: `MAYFLY-FW-${name}` };
  const say = (text: string) => `-m comment --comment "mayfly: ${text}"`;
  const refuse = "-j REJECT --reject-with icmp-admin-prohibited";
  const rules = [
    `-A ${chains.input} -m conntrack --ctstate RELATED,ESTABLISHED ${say("answers to the gateway")} -j RETURN`,
    ...sources.map((source) => `-A ${chains.input} -s ${source} ${say("containers stay off this host")} ${refuse}`),
    ...sources.map(
      (source) =>
        `-A ${chains.forward} -s ${source} -d ${linkLocal} ${say("containers stay off the metadata")} ${refuse}`,
    ),
  ];
  const declared = [chains.input, chains.forward].map((chain) => `:${chain} - [0:0]`);
  return {
    chains,
    table: ["*filter", ...declared, ...rules, "COMMIT", ""].join("\n"),
    jumps: [
      { from: "INPUT", to: chains.input },
      // The engine asks this chain first, and keeps it over its own restarts.
      { from: "DOCKER-USER", to: chains.forward },
    ],
  };
}

/** The rules as an operator types them, any number of times, and how they are taken away again. `-w`: the engine changes rules too. */
export function firewallScript(firewall: Firewall): string {
  const { table, jumps } = firewall;
  return [
    `iptables-restore -w --noflush <<'END'\n${table}END`,
    ...jumps.map(({ from, to }) => `iptables -w -C ${from} -j ${to} 2>/dev/null || iptables -w -I ${from} 1 -j ${to}`),
    "# To take them away again:",
    ...firewallRemoval(firewall).map((line) => `# ${line}`),
  ].join("\n");
}

/** What takes the rules away, a command a line. */
export function firewallRemoval({ jumps }: Firewall): string[] {
  return jumps.map(({ from, to }) => `iptables -w -D ${from} -j ${to}; iptables -w -F ${to}; iptables -w -X ${to}`);
}

/** The rules against what `iptables-save` tells; null where it could not be asked. */
export function checkFirewall(firewall: Firewall, saved: string | null): Check {
  if (saved === null)
    return warn(
      "firewall",
      "the firewall was not looked at: that takes root on the host",
      "As root: `mayfly doctor --fix` installs rules that keep previews from this host; without root it prints them.",
    );
  const there = new Set(saved.split("\n").map(plain));
  const wanted = [
    ...firewall.table.split("\n").filter((line) => line.startsWith("-A")),
    ...firewall.jumps.map(({ from, to }) => `-A ${from} -j ${to}`),
  ];
  if (wanted.every((rule) => there.has(plain(rule))))
    return ok("firewall", "previews are kept from this host and the metadata address");
  return warn(
    "firewall",
    "containers of previews reach this host, and a cloud's metadata address",
    "`mayfly doctor --fix` as root installs the rules; they are gone after a reboot, so run it then (docs/operations.md).",
  );
}

/** A rule without what `iptables-save` writes in ways of its own. */
function plain(rule: string): string {
  return rule.replaceAll('"', "").replaceAll(/\s+/g, " ").trim();
}
