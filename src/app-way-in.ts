import type { ApiWorld } from "./api/world.ts";
import type { Clock } from "./domain/time.ts";
import { passPath } from "./gateway/door.ts";
import type { AccessPort } from "./gateway/guard.ts";
import { signPass } from "./gateway/passes.ts";
import { ownerOf, type RouteTable } from "./gateway/route-table.ts";

/** How long a person who signed in stays in a preview: a permission that is taken away counts there after it. */
const visitMs = 8 * 60 * 60 * 1000;

/** The way from the dashboard into a preview: only to a host that is one, by a link that is made here anew. */
export function createWayIn({
  port,
  table,
  clock,
}: {
  port: AccessPort;
  table(): RouteTable;
  clock: Clock;
}): ApiWorld["visit"] {
  return (address) => {
    if (!URL.canParse(address)) return null;
    const { hostname, pathname, search } = new URL(address);
    const route = ownerOf(table(), hostname);
    if (route === null) return null;
    return {
      preview: route.preview,
      enter() {
        const { access, epoch } = port.rule(route.preview);
        const subject = [route.preview, access, route.host];
        const pass = signPass({ ...port, clock }, subject, { epoch, cookieUntil: clock.now() + visitMs });
        return `${port.link(route.host)}${passPath(pass, route.host, `${pathname}${search}`)}`;
      },
    };
  };
}
