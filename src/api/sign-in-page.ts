import { type Html, html } from "./page-html.ts";

/** Tells somebody without a session how to get one; `to` is where signing in with GitHub leads, null where it is not set up. */
export function signInBody({ stale, to }: { stale: boolean; to: string | null }): Html {
  return html`<h1>Sign in</h1>
    ${stale ? html`<p class="notice">This link is not valid any more.</p>` : null}
    ${to === null ? null : withGitHub(to)}
    <p class="${to === null ? "" : "quiet"}">
      ${to === null ? "Open" : "Operators open"} the dashboard's link: <code>mayfly serve</code> prints it when it
      starts, with a token that this browser keeps as a session.
    </p>
    <p class="quiet">
      The token alone is in the file <code>api-token</code> of the state folder, or in MAYFLY_API_TOKEN:
      <code>/?token=…</code>
    </p>`;
}

function withGitHub(to: string): Html {
  return html`<p>You see the previews of the repositories that you may read, and change those you may write to.</p>
    <p><a class="action" href="/sign-in?to=${encodeURIComponent(to)}">Sign in with GitHub</a></p>`;
}
