import { Hono } from "hono";
import type { ApiWorld } from "./world.ts";

/** Whether the process answers, and whether it can do its work: for load balancers and supervisors, without a token. */
export function healthRoutes({ ready }: Pick<ApiWorld, "ready">): Hono {
  return new Hono()
    .get("/healthz", (c) => c.text("ok\n"))
    .get("/readyz", (c) => {
      const { ok, reason } = ready();
      return c.text(`${reason ?? (ok ? "ready" : "not ready")}\n`, ok ? 200 : 503);
    });
}
