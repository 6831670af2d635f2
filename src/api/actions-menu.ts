import { type ChangingVerb, verbs } from "../domain/verbs.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Html, html } from "./page-html.ts";

/** The form's own token for those who may change the preview, or null. */
export type MayAct = { formToken: string } | null;

/** What the caller can do to a preview now, behind one menu that works without JavaScript. */
export function actionsMenu(view: PreviewView, may: MayAct): Html {
  const offered = may === null ? [] : offeredVerbs(view);
  const about = { ...view, formToken: may?.formToken ?? "" };
  if (offered.length === 0) return html`<span class="menu"></span>`;
  return html`<details class="menu" name="menu">
    <summary aria-label="Actions for ${view.slug}">Actions</summary>
    <ul>
      ${offered.map((verb) => html`<li>${destructive.has(verb) ? confirmation(about, verb) : button(about, verb)}</li>`)}
    </ul>
  </details>`;
}

/** These lose data, so they ask once more. */
const destructive: ReadonlySet<ChangingVerb> = new Set<ChangingVerb>(["reset", "destroy"]);

function offeredVerbs({ phase, pinned, queue, serving, retired, rollbackTo }: PreviewView): ChangingVerb[] {
  if (phase === "gone") return ["deploy"];
  if (queue !== null) return ["destroy"];
  if (phase === "removing" || phase === "blocked") return [];
  const rest: ChangingVerb[] = phase === "asleep" ? ["wake"] : serving === null || pinned ? [] : ["sleep"];
  const back: ChangingVerb[] = rollbackTo === null ? [] : ["rollback"];
  return [
    "redeploy",
    "reset",
    ...(retired.length === 0 ? [] : (["restore"] as const)),
    ...back,
    ...rest,
    ...(pinned ? (["unpin"] as const) : (["extend", "pin"] as const)),
    "destroy",
  ];
}

type About = Pick<PreviewView, "slug"> & { formToken: string };

function button({ slug, formToken }: About, verb: ChangingVerb): Html {
  return html`<form method="post" action="/previews/${encodeURIComponent(slug)}/${verb}">
    ${formTokenField(formToken)}
    <button title="${verbs[verb].help}">${capital(verb)}</button>
  </form>`;
}

/** What every form of ours that changes something carries. */
export function formTokenField(formToken: string): Html {
  return html`<input type="hidden" name="form" value="${formToken}" />`;
}

function confirmation({ slug, formToken }: About, verb: ChangingVerb): Html {
  return html`<details>
    <summary>${capital(verb)}…</summary>
    <form method="post" action="/previews/${encodeURIComponent(slug)}/${verb}">
      ${formTokenField(formToken)}
      <p>${capital(verbs[verb].help)}.${verb === "destroy" ? " Its data is lost." : ""}</p>
      <button class="danger">Yes, ${verb}</button>
    </form>
  </details>`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
