import { type Html, html, ownText } from "./page-html.ts";
import { pageScript } from "./page-script.ts";
import { stylesheet } from "./page-style.ts";

export type PageDocument = {
  title: string;
  /** Of this answer's own script and style. */
  nonce: string;
  /** Where the sections' changes come from, or null for a page that stays as it is. */
  events: string | null;
  body: Html | Html[];
  /** Who looks, and whether by a session that can end here. */
  who?: { name: string; isHere: boolean } | undefined;
};

/** A whole page of the dashboard around its body. */
export function renderDocument({ title, nonce, events, body, who }: PageDocument): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style nonce="${nonce}">
          ${ownText(stylesheet)}
        </style>
      </head>
      <body data-events="${events ?? ""}">
        <a class="skip" href="#main">Skip to the content</a>
        <div class="page">
          <header><a class="home" href="/">Mayfly</a>${whoPart(who)}</header>
          <main id="main">${body}</main>
        </div>
        ${
          events === null
            ? null
            : html`<script nonce="${nonce}">
                ${ownText(pageScript)};
              </script>`
        }
      </body>
    </html>`;
}

function whoPart(who: PageDocument["who"]): Html | null {
  if (who?.isHere !== true) return null;
  return html`<form class="who" method="post" action="/sign-out">
    <span class="hidden">Signed in as</span> <bdi class="quiet">${who.name}</bdi> <button>Sign out</button>
  </form>`;
}

/** A section that can be replaced alone: always there, hidden while it has nothing to say. */
export function section(id: string, title: string, content: Html | null): Html {
  if (content === null) return html`<section id="${id}" hidden></section>`;
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${content}
  </section>`;
}
