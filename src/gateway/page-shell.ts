/** Text that is HTML already. */
export type Html = { readonly html: string };

// An object that merely looks like `Html` (parsed JSON, say) is no HTML.
const made = new WeakSet<Html>();

/** Takes a text as HTML: only for our own constants and what `markup` made. */
export function raw(text: string): Html {
  const value = { html: text };
  made.add(value);
  return value;
}

type Value = string | number | false | null | Html | readonly Value[];

/** The tag for HTML (not named `html`, whose text formatters rearrange): every value is escaped, except what `html` itself made; arrays are joined, null and false are nothing. */
export function markup(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = strings[0] ?? "";
  for (const [i, value] of values.entries()) text += toHtml(value) + (strings[i + 1] ?? "");
  return raw(text);
}

/** Escapes a text for content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function toHtml(value: Value): string {
  if (value === null || value === false) return "";
  if (typeof value !== "object") return escapeHtml(String(value));
  if (isList(value)) return value.map(toHtml).join("");
  return made.has(value) ? value.html : escapeHtml(value.html);
}

function isList(value: Html | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}

export type PageDocument = {
  readonly title: string;
  readonly state: string;
  readonly body: Html;
  /** Seconds until a browser without JavaScript asks again; null for never. */
  readonly refreshSeconds: number | null;
  /** The script's own text, or null for a page that stays as it is until it is asked for again. */
  readonly script: string | null;
};

/** A whole page around a body: the same head, look and landmarks for all of ours. */
export function renderDocument({ title, state, body, refreshSeconds, script }: PageDocument): string {
  const refresh = refreshSeconds === null ? null : markup`<meta http-equiv="refresh" content="${refreshSeconds}" />`;
  // Style and script are constants of ours, allowed by their hash: escaping would change both.
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="robots" content="noindex" />
<meta name="color-scheme" content="light dark" />
<title>${title}</title>
<link rel="icon" href="data:," />
<style>${raw(stylesheet)}</style>
${script === null ? refresh : markup`<noscript>${refresh}</noscript>`}
</head>
<body data-state="${state}">
${body}
${script === null ? null : markup`<script>${raw(script)}</script>`}
</body>
</html>
`;
  return page.html;
}

/** The look of every page of ours: system fonts, one accent, much space, light and dark. */
export const stylesheet = `
:root { color-scheme: light dark; --paper: #fcfcfa; --ink: #1c1d1f; --quiet: #5d6066; --line: #e4e4df; --well: #f3f3ef; --accent: #0b6a58; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #141517; --ink: #ecedee; --quiet: #a0a4ab; --line: #2b2d31; --well: #1b1d20; --accent: #5fc9b0; }
}
body[data-state="failed"], body[data-state="unreachable"] { --accent: #b3372f; }
@media (prefers-color-scheme: dark) { body[data-state="failed"], body[data-state="unreachable"] { --accent: #f08b80; } }
* { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
body { margin: 0; background: var(--paper); color: var(--ink); min-height: 100vh; }
.page { max-width: 50rem; margin: 0 auto; padding: clamp(1.25rem, 6vh, 5rem) clamp(1.25rem, 5vw, 3rem) 4rem; }
header, footer { color: var(--quiet); font-size: 0.9375rem; }
header { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; justify-content: space-between; margin-bottom: clamp(2rem, 8vh, 5rem); }
header strong { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
section { margin: 0 0 2.75rem; }
section[hidden] { display: none; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.4vw, 2.75rem); line-height: 1.15; letter-spacing: -0.02em; font-weight: 650; margin: 0 0 0.75rem; overflow-wrap: anywhere; text-wrap: balance; display: flex; gap: 0.4em; }
h1::before { content: ""; flex: none; width: 0.5em; height: 0.5em; margin-top: 0.34em; border-radius: 50%; background: var(--accent); }
body:is([data-state="gone"], [data-state="blocked"], [data-state="asleep"]) h1::before { background: var(--quiet); }
body:is([data-state="building"], [data-state="starting"], [data-state="replacing"], [data-state="waking"]) h1::before { animation: at-work 1.6s ease-in-out infinite; }
@keyframes at-work { 50% { opacity: 0.25; } }
h2 { font-size: 0.9375rem; font-weight: 600; color: var(--quiet); margin: 0 0 0.75rem; }
p { margin: 0 0 0.5rem; max-width: 42rem; overflow-wrap: anywhere; }
.lead { font-size: 1.1875rem; }
.quiet { color: var(--quiet); }
a { color: var(--accent); text-underline-offset: 0.2em; }
a:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
code, pre { font: 0.875rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
p code { font-size: 0.92em; }
bdi { unicode-bidi: isolate; }
.failure { border-left: 3px solid var(--accent); padding-left: 1.25rem; }
.failure p { white-space: pre-wrap; }
.failure .what, .what code { font-weight: 600; }
.failure code { display: inline-block; }
.bars { list-style: none; margin: 0; padding: 0; font-variant-numeric: tabular-nums; }
.bars li { display: grid; grid-template-columns: minmax(5.5rem, 11rem) 1fr 4rem; gap: 1rem; align-items: center; min-height: 2rem; }
.bars .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars .span { text-align: right; color: var(--quiet); white-space: nowrap; }
.bars svg { display: block; width: 100%; height: 8px; overflow: visible; }
.bars .track { fill: var(--line); }
.bars .bar { fill: var(--accent); opacity: 0.45; transition: width 1s linear, x 1s linear; }
.bars .running .bar, .bars .failed .bar { opacity: 1; }
.bars .running .label, .bars .failed .label { font-weight: 600; }
body[data-state="failed"] .bars .done .bar { fill: var(--quiet); }
.bars .waiting { color: var(--quiet); }
.log pre { margin: 0; padding: 1rem 1.25rem; height: 18rem; overflow: auto; background: var(--well); border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
body:is([data-state="failed"], [data-state="unreachable"]) .log pre { height: auto; max-height: 28rem; }
.links { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.5rem 1.75rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 30rem) { .bars li { grid-template-columns: 6rem 1fr 3.5rem; gap: 0.75rem; } .bars .label { white-space: normal; line-height: 1.25; overflow-wrap: anywhere; } .log pre { padding: 0.75rem; height: 15rem; } }
@media (prefers-reduced-motion: reduce) { .bars .bar { transition: none; } body h1::before { animation: none !important; } }
`;
