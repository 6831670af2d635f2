import { type Html, html } from "./page-html.ts";

/** Tells somebody without a session how to get the link. */
export function signInBody({ stale }: { stale: boolean }): Html {
  return html`<h1>Sign in</h1>
    ${stale ? html`<p class="notice">This link is not valid any more.</p>` : null}
    <p>
      Open the dashboard's link: <code>mayfly serve</code> prints it when it starts, with a token that this browser
      keeps as a session.
    </p>
    <p class="quiet">
      The token alone is in the file <code>api-token</code> of the state folder, or in MAYFLY_API_TOKEN:
      <code>/?token=…</code>
    </p>`;
}
