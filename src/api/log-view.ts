import { type Html, html } from "./page-html.ts";
import { ownText } from "./page-html.ts";
import { section } from "./page-shell.ts";
import type { ApiWorld, LogLine } from "./world.ts";

/** What the log shows: a service's name, `@build` (no service can be called so) or "" for all services. */
export type LogChoice = { service: string; find: string };

type Line = Omit<LogLine, "at">;

/** How many lines a page holds, and how long it waits for them. */
const tail = 300;
const waitMs = 2000;

/** The newest lines of what is chosen; those there are when it takes too long, so that a page never hangs on the engine. */
export async function newestLines(world: ApiWorld, key: string, { service, find }: LogChoice): Promise<Line[]> {
  const over = new AbortController();
  const lines: Line[] = [];
  const reading = readInto(lines, linesOf(world, key, { service, signal: over.signal }));
  // Rejects only when the reading was over first, and nobody waits for it any more.
  const deadline = world.clock.sleep(waitMs, over.signal).catch(() => undefined);
  try {
    await Promise.race([reading, deadline]);
  } catch (error) {
    world.log.debug({ err: error, preview: key }, "page without log lines");
  }
  over.abort();
  return lines.filter(({ line }) => line.toLowerCase().includes(find.toLowerCase())).slice(-tail);
}

type Chosen = { service: string; signal: AbortSignal };

function linesOf(world: ApiWorld, key: string, { service, signal }: Chosen): AsyncIterable<Line> {
  if (service === "@build") return world.buildLogs(key, { follow: false, signal });
  return world.logs(key, { ...(service !== "" && { service }), follow: false, tail, signal });
}

async function readInto(lines: Line[], source: AsyncIterable<Line>): Promise<void> {
  for await (const line of source) lines.push(line);
}

/** The viewer: filter, search and download without JavaScript; follows with it. */
export function logView(
  slug: string,
  { choice, services, lines, still }: { choice: LogChoice; services: string[]; lines: Line[]; still: boolean },
): Html {
  const base = `/api/previews/${encodeURIComponent(slug)}/${choice.service === "@build" ? "build-logs" : "logs"}`;
  const service = choice.service === "@build" ? "" : `&service=${encodeURIComponent(choice.service)}`;
  const option = (value: string, label: string): Html =>
    html`<option value="${value}" ${ownText(value === choice.service ? " selected" : "")}>${label}</option>`;
  return section(
    "logs",
    "Logs",
    html`<form class="filter" method="get" action="#logs">
        <select name="service" aria-label="Which log">
          ${option("", "All services")} ${services.map((name) => option(name, name))}
          ${option("@build", "Image builds")}
        </select>
        <input type="search" name="find" value="${choice.find}" placeholder="Search" aria-label="Search in the log" />
        <button>Show</button>
        <label hidden><input type="checkbox" id="follow" checked /> Follow</label>
        <a href="${base}?format=text&tail=10000${service}" download>Download</a>
      </form>
      <pre
        id="log"
        class="${still ? "still" : ""}"
        tabindex="0"
        role="log"
        aria-live="off"
        aria-label="Log"
        data-stream="${base}?follow=true&tail=${String(tail)}${service}"
      >
${lines.map(logLine)}</pre>`,
  );
}

function logLine({ service, line }: Line): Html {
  return html`<div><b>${service}</b> ${line}</div>`;
}
