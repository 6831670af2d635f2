import { type Context, Hono } from "hono";
import { type Failure, InputError, MayflyError } from "../domain/errors.ts";
import { changingVerbs } from "../domain/verbs.ts";
import type { PreviewView } from "../domain/view.ts";
import { actionsMenu } from "./actions-menu.ts";
import type { Auth } from "./auth.ts";
import { type Caller, type CallerEnv, formTokenOf } from "./caller.ts";
import { eventStream, type StreamHouse } from "./event-stream.ts";
import { listBody, type ListFilter, listParts, type Reader } from "./list-page.ts";
import { liveParts } from "./live-parts.ts";
import { type LogChoice, logView, newestLines } from "./log-view.ts";
import { type Html, html } from "./page-html.ts";
import { pageSecurity } from "./page-security.ts";
import { renderDocument } from "./page-shell.ts";
import { stateWord } from "./page-state.ts";
import { prose } from "./page-words.ts";
import { gatherFacts } from "./preview-facts.ts";
import { previewParts } from "./preview-page.ts";
import { changingVerb } from "./preview-routes.ts";
import { problemAnswer, statusOf, tellFailure } from "./problem.ts";
import { requireCaller } from "./require-caller.ts";
import type { Sight } from "./sight.ts";
import { signInRoutes } from "./sign-in-routes.ts";
import { signIn } from "./sign-in.ts";
import { visitRoutes } from "./visit-routes.ts";
import type { ApiWorld } from "./world.ts";

type Surroundings = { auth: Auth; house: StreamHouse };

/** The pages for people: the list, each preview, and their live sections. */
export function dashboard(world: ApiWorld, { auth, house }: Surroundings): Hono<CallerEnv> {
  return new Hono<CallerEnv>()
    .use(pageSecurity(world.dashboardOrigin))
    .route("/", signInRoutes(world, auth))
    .use(signIn(world, auth), requireCaller(world, auth))
    .route("/", visitRoutes(world))
    .get("/", async (c) => {
      const body = await listBody(world, filterOf(c), readerOf(c));
      return page(c, { title: "Previews", events: `/events?${queryOf(c)}`, body });
    })
    .get("/events", (c) => {
      const source = {
        render: () => listParts(world, filterOf(c), readerOf(c)),
        subscribe: world.changes,
        tickMs: () => 15_000,
      };
      return eventStream((signal) => liveParts(source, { clock: world.clock, signal }), house);
    })
    .get("/previews/:slug", (c) => showPreview(world, c))
    .get("/previews/:slug/events", async (c) => {
      const { key } = await c.get("sight").preview(c.req.param("slug"));
      return eventStream((signal) => previewEvents(world, c.get("sight"), { key, signal }), house);
    })
    .post("/previews/:slug/:verb", async (c) => {
      const { key, slug } = await c.get("sight").previewToChange(c.req.param("slug"));
      const verb = changingVerb(c.req.param("verb"));
      await world.act(key, { verb, argument: null }, c.get("asker"));
      return c.redirect(`/previews/${encodeURIComponent(slug)}?asked=${verb}`, 303);
    })
    .all("*", (c) => {
      throw new InputError("not-found", `there is no page ${c.req.path}`, { hint: "The list of previews is at /." });
    })
    .onError((error, c) => showFailure(world, error, c));
}

async function showPreview(world: ApiWorld, c: Context<CallerEnv>): Promise<Response> {
  const { sight, formToken } = readerOf(c);
  const view = await sight.preview(c.req.param("slug") ?? "");
  const may = (await sight.mayChange(view)) ? { formToken } : null;
  const facts = await gatherFacts(world, view);
  const parts = previewParts(facts);
  const builds = view.serving === null && (view.phase === "building" || facts.newest?.failure?.code === "build-failed");
  const choice: LogChoice = {
    service: c.req.query("service") ?? (builds ? "@build" : ""),
    find: c.req.query("find") ?? "",
  };
  const services = ((facts.serving ?? facts.newest)?.stack?.services ?? []).map((service) => service.name);
  const logs = logView(view.slug, {
    choice,
    services,
    lines: await newestLines(world, view.key, choice),
    still: isStill(view),
  });
  const body = [
    askedNotice(c.req.query("asked")),
    html`<div class="top">${actionsMenu(view, may)}</div>`,
    ...[...parts].flatMap(([id, part]) => (id === "services" ? [part, logs] : [part])),
  ];
  return page(c, {
    title: `${stateWord(view)} – ${view.slug}`,
    events: `/previews/${encodeURIComponent(view.slug)}/events`,
    body,
  });
}

/** Nothing that could log is there, or on its way. */
function isStill({ phase, queue }: PreviewView): boolean {
  return queue !== null || phase === "failed" || phase === "blocked" || phase === "gone";
}

function askedNotice(asked: string | undefined): Html {
  const verb = changingVerbs.find((each) => each === asked);
  return verb === undefined
    ? html``
    : html`<p class="notice" role="status">Asked to ${verb}. What happens is shown below.</p>`;
}

function previewEvents(world: ApiWorld, sight: Sight, { key, signal }: { key: string; signal: AbortSignal }) {
  const isMoving = () => ["pending", "building", "starting"].includes(world.preview(key)?.newest?.phase ?? "");
  const source = {
    render: async () => previewParts(await gatherFacts(world, await sight.preview(key))),
    subscribe: (listener: () => void) => world.changes((changed) => void (changed === key && listener())),
    tickMs: () => (isMoving() ? 1000 : 15_000),
  };
  return liveParts(source, { clock: world.clock, signal });
}

function showFailure({ log }: ApiWorld, error: Error, c: Context<CallerEnv>): Response | Promise<Response> {
  const during = `${c.req.method} ${c.req.path}`;
  if (!(error instanceof MayflyError)) log.error({ err: error, during }, "page failed");
  const failure = tellFailure(error, during);
  if (!/\btext\/html\b/.test(c.req.header("accept") ?? "")) return problemAnswer(failure);
  c.status(statusOf(failure) as 400);
  return page(c, { title: failure.what, events: null, body: failureBody(failure) });
}

function failureBody({ what, now }: Failure): Html {
  return html`<h1>That did not work</h1>
    <div class="failure">
      <p class="what">${prose(what)}</p>
      <p>${prose(now)}</p>
    </div>
    <p><a href="/">All previews</a></p>`;
}

function page(
  c: Context<CallerEnv>,
  document: { title: string; events: string | null; body: Html | Html[] },
): Response | Promise<Response> {
  const caller = c.get("caller") as Caller | undefined;
  const who = caller && {
    name: caller.kind === "person" ? caller.login : `with the token “${caller.name}”`,
    isHere: caller.session !== null,
  };
  return c.html(renderDocument({ ...document, who, nonce: c.get("secureHeadersNonce") ?? "" }));
}

function readerOf(c: Context<CallerEnv>): Reader {
  return { sight: c.get("sight"), formToken: formTokenOf(c.get("caller")) };
}

function filterOf(c: Context): ListFilter {
  const { q = "", repository = "", state = "" } = c.req.query();
  return { q, repository, state };
}

function queryOf(c: Context): string {
  return new URLSearchParams(filterOf(c)).toString();
}
