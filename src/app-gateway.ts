import type { ServerConfig } from "./config/server.ts";
import { isInside } from "./engine/subnets.ts";
import type { GatewayOptions } from "./gateway/gateway.ts";

/** Docker's own, where build steps sit; an operator who moved it closes the host with a firewall (README, Limits). */
const defaultBridge = "172.17.0.0/16";

/** What of the server's configuration the gateway goes by. */
export function gatewaySettings({ trustedProxies, clients }: Pick<ServerConfig, "trustedProxies" | "clients">) {
  const limits = { clientRequests: clients.requests, clientConnections: clients.connections };
  return { trustedProxies, limits };
}

/** Our own hosts, and who is refused there: a branch's code has no business with the API and the dashboard. */
export function ownSite(
  { publicUrl, network }: Pick<ServerConfig, "publicUrl" | "network">,
  dashboardOrigin: string,
): Omit<GatewayOptions["own"], "handle"> {
  return {
    hosts: [publicUrl, dashboardOrigin].map((url) => new URL(url).hostname),
    refuses: (address) => [network.pool, defaultBridge].some((cidr) => isInside(cidr, address)),
  };
}
