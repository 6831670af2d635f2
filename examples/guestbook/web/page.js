import { readFile } from "node:fs/promises";

// What the museum wants to say on top of the page; mostly there is no such file.
const announcement = await readFile(new URL("announcement.txt", import.meta.url), "utf8").catch(() => "");
const { PULL_REQUEST = "", COMMIT = "local", API_URL = "" } = process.env;
const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeZone: "UTC" });

const escape = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function entryHtml({ id, name, place, message, created_at }) {
  const from = place === "" ? "" : `, ${escape(place)}`;
  return `<li id="entry-${id}"><p>${escape(message)}</p><footer><b>${escape(name)}</b>${from} <time datetime="${new Date(created_at).toISOString()}">${day.format(new Date(created_at))}</time></footer></li>`;
}

export function page({ list, total, before, more }) {
  const version = PULL_REQUEST === "" ? "" : `Pull request <b>#${escape(PULL_REQUEST)}</b> at `;
  const last = list.at(-1)?.id;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guest book of the Harbor Light</title>
<link rel="icon" href="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><text y='13' font-size='13'>⛯</text></svg>">
<style>${style}</style>
</head>
<body>
<aside>${version}<code title="${escape(COMMIT)}">${escape(COMMIT.slice(0, 7))}</code> <a href="${escape(API_URL)}/entries">API</a></aside>
<header>
  <h1>The Harbor Light</h1>
  <p>Guest book, <b id="total">${total}</b> entries</p>
</header>
<main>
  ${announcement.trim() === "" ? "" : `<p class="announcement" role="note">${escape(announcement.trim())}</p>`}
  <form method="post">
    <label>Your name <input name="name" required maxlength="80" autocomplete="name"></label>
    <label>From <input name="place" maxlength="80" autocomplete="address-level2"></label>
    <label class="wide">What would you like to leave here? <textarea name="message" required maxlength="500" rows="3"></textarea></label>
    <button>Sign the guest book</button>
  </form>
  <ol id="entries" ${before === undefined ? "data-live" : ""}>${list.map(entryHtml).join("\n") || "<li class='empty'>Nobody has signed yet. Be the first.</li>"}</ol>
  <nav>${before === undefined ? "" : '<a href="/">Newest</a>'} ${more ? `<a href="/?before=${last}">Older entries</a>` : ""}</nav>
</main>
<script>${live}</script>
</body>
</html>
`;
}

// Entries that others write appear by themselves; without JavaScript a reload shows them.
const live = `
const list = document.querySelector("#entries[data-live]");
if (list) new EventSource("/events").addEventListener("entry", ({ data }) => {
  const box = document.createElement("template");
  box.innerHTML = JSON.parse(data);
  const entry = box.content.firstElementChild;
  if (document.getElementById(entry.id)) return;
  list.querySelector(".empty")?.remove();
  entry.className = "new";
  list.prepend(entry);
  const total = document.querySelector("#total");
  total.textContent = Number(total.textContent) + 1;
});`;

const style = `
:root { color-scheme: light dark; --ink: light-dark(#1d2b36, #e6edf2); --soft: light-dark(#5f7280, #93a4b0);
  --paper: light-dark(#fbf8f2, #12181d); --card: light-dark(#ffffff, #1a232a); --line: light-dark(#e6dfd2, #2b3740);
  --accent: light-dark(#b3402a, #ff8a6b); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 ui-serif, Georgia, serif; }
aside { padding: 7px 20px; background: var(--card); border-bottom: 1px solid var(--line); text-align: center; } aside a { margin-left: 10px; }
body > header, main { max-width: 680px; margin: 0 auto; padding: 0 20px; }
body > header { padding-top: 44px; }
h1 { margin: 0; font-size: 40px; line-height: 1.1; letter-spacing: -0.02em; }
header p { margin: 6px 0 28px; color: var(--soft); }
.announcement { margin: 0 0 20px; padding: 10px 16px; border-left: 4px solid var(--accent); background: var(--card); }
form { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; background: var(--card); border: 1px solid var(--line);
  border-top: 4px solid var(--accent); border-radius: 6px; padding: 20px; }
label { font: 14px/1.4 system-ui, sans-serif; color: var(--soft); } .wide, button { grid-column: 1 / -1; }
input, textarea { display: block; width: 100%; margin-top: 4px; padding: 9px 11px; font: 17px/1.4 ui-serif, Georgia, serif;
  color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 4px; resize: vertical; color: var(--ink); }
button { justify-self: start; padding: 10px 18px; font: 600 15px system-ui, sans-serif; color: light-dark(#fff, #1d1410); background: var(--accent);
  border: 0; border-radius: 4px; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
ol { list-style: none; margin: 34px 0 0; padding: 0; }
li { padding: 18px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; } li p { margin: 0 0 6px; white-space: pre-line; }
li footer, aside, nav { font: 14px/1.5 system-ui, sans-serif; color: var(--soft); } aside b, code, li footer b { color: var(--ink); font-weight: 600; }
time { float: right; } .new { animation: arrive 1.6s ease-out; } @keyframes arrive { from { background: color-mix(in srgb, var(--accent) 22%, transparent); } }
nav { display: flex; gap: 18px; padding: 22px 0 56px; } a { color: var(--accent); }
@media (max-width: 520px) { form { grid-template-columns: 1fr; } time { float: none; display: block; } body > header { padding-top: 32px; } }
@media (prefers-reduced-motion: reduce) { .new { animation: none; } }`;
