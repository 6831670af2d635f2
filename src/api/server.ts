import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { InputError, MayflyError } from "../domain/errors.ts";
import { auditRoutes } from "./audit-routes.ts";
import { createAuth } from "./auth.ts";
import { dashboard } from "./dashboard.ts";
import { healthRoutes } from "./health-routes.ts";
import { localRoutes } from "./local-routes.ts";
import { logRoutes } from "./log-routes.ts";
import { answerSecurity } from "./page-security.ts";
import { previewRoutes } from "./preview-routes.ts";
import { problemAnswer, tellFailure } from "./problem.ts";
import { keepPeopleTo, requireCaller } from "./require-caller.ts";
import { snapshotRoutes } from "./snapshot-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { createTokens } from "./tokens.ts";
import { receiveWebhook } from "./webhook-route.ts";
import type { ApiWorld } from "./world.ts";

export type Api = {
  fetch(request: Request): Response | Promise<Response>;
  /** The same for an `http.Server`. */
  handle(req: IncomingMessage, res: ServerResponse): void;
  /** Ends the event streams, so that the server around can close. */
  close(): void;
};

/** Answers webhooks, programs and people, on our own hosts only: which hosts those are is for the caller to know. */
export function createApi(world: ApiWorld): Api {
  const closing = new AbortController();
  const house = { clock: world.clock, log: world.log, closing: closing.signal };
  const tokens = createTokens(world);
  const auth = createAuth(world, tokens);
  const forPrograms = answerSecurity(world.dashboardOrigin);
  const app = new Hono()
    .use(async (c, next) => {
      await next();
      // What was changed is told once it survives power loss.
      if (c.req.method !== "GET" && c.req.method !== "HEAD") await world.flushed();
    })
    .use("/webhooks/*", forPrograms)
    .use("/metrics", forPrograms)
    .use("/api/*", forPrograms)
    .post("/webhooks/github", receiveWebhook(world))
    .route("/", healthRoutes(world))
    .use("/metrics", requireCaller(world, auth), keepPeopleTo(null))
    .use("/api/*", requireCaller(world, auth), keepPeopleTo("/api/previews"))
    .get("/metrics", async (c) =>
      c.text(await world.metrics(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
    )
    .route("/api/local", localRoutes(world))
    .route("/api/previews", previewRoutes(world))
    .route("/api/previews", logRoutes(world, house))
    .route("/api/tokens", tokenRoutes(tokens))
    .route("/api/audit", auditRoutes(world))
    .route("/api/snapshots", snapshotRoutes(world))
    .get("/api/server", (c) => c.json(world.server()))
    .all("/api/*", refuseUnknown)
    .all("/webhooks/*", refuseUnknown)
    .route("/", dashboard(world, { auth, house }))
    .onError((error, c) => answerError(world, error, c));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return {
    fetch: (request) => app.fetch(request),
    handle: (req, res) => void listener(req, res),
    close: () => closing.abort(),
  };
}

function refuseUnknown(c: Context): never {
  throw new InputError("not-found", `there is no ${c.req.method} ${c.req.path}`, {
    hint: "There are /api/previews, /api/local, /api/snapshots, /api/server, /api/tokens, /api/audit, /webhooks/github, /healthz, /readyz and /metrics.",
  });
}

function answerError({ log }: ApiWorld, error: Error, c: Context): Response {
  const during = `${c.req.method} ${c.req.path}`;
  if (!(error instanceof MayflyError) && !c.req.raw.signal.aborted) log.error({ err: error, during }, "request failed");
  return problemAnswer(tellFailure(error, during));
}
