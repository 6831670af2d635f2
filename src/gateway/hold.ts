import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { endWith, sendAnswer } from "./answer.ts";
import type { Pages } from "./pages.ts";
import type { Route } from "./route-table.ts";
import type { Waking } from "./wake.ts";

type Parts = { readonly waking: Waking; readonly pages: Pages };
type Where = { readonly route: Route; readonly path: string };

/** Holds a request until `carry` may take it on. Nothing of its body is read before, so that a large one waits at its sender. */
export function holdRequest(
  { waking, pages }: Parts,
  where: Where,
  { req, res }: { req: IncomingMessage; res: ServerResponse },
  carry: (route: Route) => void,
): void {
  const giveUp = waking.hold(where, req, {
    ready(route) {
      res.off("close", giveUp);
      carry(route);
    },
    tooLate() {
      res.off("close", giveUp);
      // What is left of a body must not be read as the next request on the connection.
      if (!req.complete) res.shouldKeepAlive = false;
      sendAnswer(res, pages.forRoute(where.route, req));
    },
  });
  res.once("close", giveUp);
}

/** Holds an upgrade until `carry` may take it on. */
export function holdUpgrade(
  { waking, pages }: Parts,
  where: Where,
  { req, socket }: { req: IncomingMessage; socket: Duplex },
  carry: (route: Route) => void,
): void {
  const giveUp = waking.hold(where, req, {
    ready(route) {
      socket.off("close", giveUp);
      carry(route);
    },
    tooLate() {
      socket.off("close", giveUp);
      endWith(socket, pages.forRoute(where.route, req));
    },
  });
  socket.once("close", giveUp);
}
