import { type ChangingVerb, verbs } from "../domain/verbs.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Html, html } from "./page-html.ts";

/** What can be done to a preview now, behind one menu that works without JavaScript. */
export function actionsMenu(view: PreviewView): Html {
  const offered = offeredVerbs(view);
  if (offered.length === 0) return html`<span class="menu"></span>`;
  return html`<details class="menu" name="menu">
    <summary aria-label="Actions for ${view.slug}">Actions</summary>
    <ul>
      ${offered.map((verb) => html`<li>${destructive.has(verb) ? confirmation(view, verb) : button(view, verb)}</li>`)}
    </ul>
  </details>`;
}

/** These lose data, so they ask once more. */
const destructive: ReadonlySet<ChangingVerb> = new Set<ChangingVerb>(["reset", "destroy"]);

function offeredVerbs({ phase, pinned }: PreviewView): ChangingVerb[] {
  if (phase === "gone") return ["deploy"];
  if (phase === "removing" || phase === "blocked") return [];
  return ["redeploy", "reset", ...(pinned ? (["unpin"] as const) : (["extend", "pin"] as const)), "destroy"];
}

function button({ slug }: PreviewView, verb: ChangingVerb): Html {
  return html`<form method="post" action="/previews/${encodeURIComponent(slug)}/${verb}">
    <button title="${verbs[verb].help}">${capital(verb)}</button>
  </form>`;
}

function confirmation({ slug }: PreviewView, verb: ChangingVerb): Html {
  return html`<details>
    <summary>${capital(verb)}…</summary>
    <form method="post" action="/previews/${encodeURIComponent(slug)}/${verb}">
      <p>${capital(verbs[verb].help)}. Its data is lost.</p>
      <button class="danger">Yes, ${verb}</button>
    </form>
  </details>`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
