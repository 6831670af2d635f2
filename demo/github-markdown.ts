/**
 * Renders the markdown that comments use: paragraphs, headings, lists, tables, quotes, code, links, and the few HTML
 * tags that GitHub lets through. Everything else is escaped, since anybody may comment.
 */
export function renderMarkdown(markdown: string): string {
  const lines = markdown
    .replace(/\r/g, "")
    .replace(/<!--[\s\S]*?-->/g, "")
    .split("\n");
  return renderBlocks(lines);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

type Block = { starts: RegExp; takes: RegExp; render: (lines: string[]) => string };

const item = /^\s*(?:[-*+]|\d+[.)])\s+/;

// The first that fits takes as many lines as it can; what nothing takes is a paragraph.
const blocks: Block[] = [
  { starts: /^\s*$/, takes: /^\s*$/, render: () => "" },
  { starts: /^#{1,6}\s/, takes: /^(?!)/, render: ([line = ""]) => heading(line) },
  { starts: /^(?:-{3,}|\*{3,})\s*$/, takes: /^(?!)/, render: () => "<hr>" },
  { starts: /^\s*\|.*\|\s*$/, takes: /^\s*\|.*\|\s*$/, render: table },
  {
    starts: /^>/,
    takes: /^>/,
    render: (lines) => `<blockquote>${renderBlocks(lines.map((line) => line.replace(/^>\s?/, "")))}</blockquote>`,
  },
  { starts: item, takes: /^\s*(?:[-*+]|\d+[.)])\s+|^\s{2,}\S/, render: list },
  { starts: /^\s*<\/?(?:details|summary)/, takes: /^(?!)/, render: ([line = ""]) => inline(line) },
];

function renderBlocks(lines: string[]): string {
  const out: string[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    const fence = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    const block = blocks.find(({ starts }) => starts.test(line));
    let end = at + 1;
    if (fence !== undefined) {
      while (end < lines.length && lines[end]?.trim().startsWith(fence) !== true) end++;
      out.push(`<pre><code>${escapeHtml(lines.slice(at + 1, end).join("\n"))}</code></pre>`);
      end++;
    } else {
      while (end < lines.length && belongs(lines[end] ?? "", block)) end++;
      const taken = lines.slice(at, end);
      out.push(block === undefined ? `<p>${taken.map(inline).join("<br>")}</p>` : block.render(taken));
    }
    at = end;
  }
  return out.join("\n");
}

function belongs(line: string, block: Block | undefined): boolean {
  if (block !== undefined) return block.takes.test(line);
  return !/^\s*(`{3,}|~{3,})/.test(line) && !blocks.some(({ starts }) => starts.test(line));
}

function heading(line: string): string {
  const level = /^#+/.exec(line)?.[0].length ?? 1;
  return `<h${level}>${inline(line.slice(level).trim())}</h${level}>`;
}

function list(lines: string[]): string {
  const tag = /^\s*\d/.test(lines[0] ?? "") ? "ol" : "ul";
  const items: string[] = [];
  for (const line of lines) {
    if (item.test(line)) items.push(inline(line.replace(item, "")));
    else items.push(`${items.pop() ?? ""}<br>${inline(line.trim())}`);
  }
  return `<${tag}>${items.map((text) => `<li>${text}</li>`).join("")}</${tag}>`;
}

function table(lines: string[]): string {
  const rows = lines.map((line) =>
    line
      .trim()
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => inline(cell.trim().replaceAll("\\|", "|"))),
  );
  const headed = /^\s*\|[\s:|-]+\|\s*$/.test(lines[1] ?? "");
  const [head = [], ...rest] = rows;
  const row = (cells: string[], tag: string) => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  if (!headed) return `<table>${rows.map((cells) => row(cells, "td")).join("")}</table>`;
  return `<table><thead>${row(head, "th")}</thead><tbody>${rest
    .slice(1)
    .map((cells) => row(cells, "td"))
    .join("")}</tbody></table>`;
}

/** Code and escaped characters are put aside first: nothing in them is markup, though they may stand in a link. */
function inline(text: string): string {
  const aside: string[] = [];
  const keep = (html: string) => `\u0000${aside.push(html) - 1}\u0000`;
  const rest = text
    .replaceAll("\u0000", "")
    .replace(/(`+)(.+?)\1/g, (_, _ticks, code: string) => keep(`<code>${escapeHtml(code.trim())}</code>`))
    .replace(/\\([!-/:-@[-`{-~])/g, (_, character: string) => keep(escapeHtml(character)));
  // oxlint-disable-next-line no-control-regex -- our own mark, removed from the text above
  return marked(rest).replace(/\u0000(\d+)\u0000/g, (_, index: string) => aside[Number(index)] ?? "");
}

const tags = /&#60;(\/?)(details|summary|sub|sup|br|b|i|em|strong|kbd|code)( open)?\s*\/?&#62;/g;

function marked(text: string): string {
  return escapeHtml(text)
    .replace(tags, "<$1$2$3>")
    .replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>")
    .replace(/(?<![\w*])\*(?!\s)([^*]+?)\*(?!\w)/g, "<em>$1</em>")
    .replace(/(?<!\w)_(?!\s)([^_]+?)_(?!\w)/g, "<em>$1</em>")
    .replace(/\[([^\]]*)\]\((https?:\/\/[^\s)]+|[/#][^\s)]*)\)/g, '<a href="$2">$1</a>')
    .replace(/(?<!["=/>\w])(https?:\/\/[^\s<]*[^\s<.,;:)])/g, '<a href="$1">$1</a>')
    .replace(/(?<![\w/])@([\w-]+(?:\[bot\])?)/g, "<strong>@$1</strong>");
}
