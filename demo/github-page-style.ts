import { escapeHtml } from "./github-markdown.ts";

// The page keeps itself up to date: what a bot writes shows without a reload, and an open fold stays open.
const refresh = `
  const main = document.querySelector("main");
  setInterval(async () => {
    const page = await fetch(location.href).then((answer) => answer.text()).catch(() => null);
    if (page === null) return;
    const next = new DOMParser().parseFromString(page, "text/html").querySelector("main");
    const open = [...main.querySelectorAll("details")].map((fold) => fold.open);
    next.querySelectorAll("details").forEach((fold, index) => { if (open[index]) fold.open = true; });
    if (next.innerHTML !== main.innerHTML) main.innerHTML = next.innerHTML;
  }, 1000);`;

const style = `
  :root { color-scheme: light dark; --line: light-dark(#d1d9e0, #3d444d); --muted: light-dark(#59636e, #9198a1);
    --soft: light-dark(#f6f8fa, #151b23); --link: light-dark(#0969da, #4493f8); }
  body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #0d1117); color: light-dark(#1f2328, #f0f6fc); }
  main { max-width: 820px; margin: 0 auto; padding: 24px 16px 64px; overflow-wrap: anywhere; }
  h1 { font-size: 26px; font-weight: 500; margin: 4px 0 8px; } h2 { font-size: 17px; }
  a { color: var(--link); } .muted, time { color: var(--muted); font-weight: 400; }
  code { font: 85% ui-monospace, monospace; background: var(--soft); border-radius: 6px; padding: 2px 5px; }
  pre { background: var(--soft); border-radius: 6px; padding: 12px; overflow: auto; } pre code { padding: 0; background: none; }
  article, section { border: 1px solid var(--line); border-radius: 8px; margin: 16px 0; }
  article header { display: flex; gap: 8px; align-items: center; background: var(--soft); border-bottom: 1px solid var(--line);
    border-radius: 8px 8px 0 0; padding: 7px 14px; }
  .body { padding: 4px 14px; } .body h1, .body h2, .body h3 { font-size: 17px; font-weight: 600; }
  section { padding: 2px 14px 10px; } section ul, .pulls, .commits { list-style: none; padding: 0; } section li, .pulls li { padding: 4px 0; }
  .commits { margin-left: 16px; border-left: 2px solid var(--line); padding-left: 16px; }
  .face { width: 24px; height: 24px; border-radius: 50%; background: var(--link); color: #fff; display: grid; place-items: center; font-size: 12px; }
  .badge { color: #fff; border-radius: 999px; padding: 4px 12px; text-transform: capitalize; } .label { border: 1px solid var(--line); border-radius: 999px; padding: 0 8px; font-size: 12px; }
  .open { background: #1f883d; } .closed { background: #cf222e; } .merged { background: #8250df; } .draft { background: #59636e; }
  .dot { display: inline-block; width: 9px; height: 9px; border-radius: 50%; } .good { background: #1f883d; } .bad { background: #cf222e; }
  .busy { background: #bf8700; } .idle { background: #818b98; } .reaction { border: 1px solid var(--line); border-radius: 999px; padding: 1px 9px; }
  table { border-collapse: collapse; } details { margin: 10px 0; } th, td { border: 1px solid var(--line); padding: 5px 12px; text-align: left; }
  blockquote { margin: 0; padding-left: 14px; border-left: 3px solid var(--line); color: var(--muted); }`;

/** A whole page around its content. */
export function pageHtml(title: string, content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><link rel="icon" href="data:,"><style>${style}</style></head>
<body><main>${content}</main><script>${refresh}</script></body></html>`;
}
