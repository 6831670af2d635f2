// The guest book's page: signed by a form, kept up to date by an event stream.
import { createServer } from "node:http";
import * as entries from "./entries.js";
import { entryHtml, page } from "./page.js";

const port = Number(process.env.PORT ?? 3000);
const perPage = 30;
const readers = new Set();

const routes = {
  "GET /": async ({ response, url }) => {
    const before = Number(url.searchParams.get("before")) || undefined;
    const [list, total] = await Promise.all([entries.newest(perPage, before), entries.count()]);
    html(response, 200, page({ list, total, before, more: list.length === perPage }));
  },
  "POST /": async ({ request, response }) => {
    const form = new URLSearchParams(await read(request));
    const entry = { name: form.get("name")?.trim() ?? "", place: form.get("place")?.trim() ?? "", message: form.get("message")?.trim() ?? "" };
    const right = entry.name !== "" && entry.message !== "" && entry.name.length <= 80 && entry.place.length <= 80 && entry.message.length <= 500;
    if (!right) return html(response, 422, "<p>A name and a message, please (80 and 500 characters at most).</p>");
    await entries.sign(entry);
    response.writeHead(303, { Location: "/" }).end();
  },
  "GET /events": async ({ response }) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write("retry: 1000\n\n");
    readers.add(response);
    response.once("close", () => readers.delete(response));
  },
  "GET /healthz": async ({ response }) => {
    await entries.count();
    response.writeHead(200, { "Content-Type": "text/plain" }).end("ok\n");
  },
};

const server = createServer(async (request, response) => {
  const startedAt = performance.now();
  const url = new URL(request.url, "http://web");
  response.once("close", () => {
    if (url.pathname === "/healthz") return;
    console.log(`web: ${request.method} ${url.pathname} ${response.statusCode} ${Math.round(performance.now() - startedAt)} ms`);
  });
  const route = routes[`${request.method === "HEAD" ? "GET" : request.method} ${url.pathname}`];
  if (route === undefined) return html(response, 404, "<p>There is no such page. <a href='/'>Back to the guest book</a></p>");
  try {
    await route({ request, response, url });
  } catch (error) {
    console.error(`web: ${error.message}`);
    html(response, 503, "<p>The guest book is closed for a moment: its database does not answer.</p>");
  }
});

function html(response, status, text) {
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" }).end(text);
}

async function read(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new Error("the form is too long");
  }
  return text;
}

const tell = (text) => readers.forEach((response) => response.write(text));
entries.listen((entry) => tell(`event: entry\ndata: ${JSON.stringify(entryHtml(entry))}\n\n`));
// Keeps proxies from closing a stream that has nothing to say.
const heartbeat = setInterval(() => tell(":\n\n"), 15_000);

// Requests that are on their way are answered, open streams end (browsers come back to the next one). The database is not
// waited for: it may be gone before us.
process.on("SIGTERM", () => {
  console.log("web: stopping");
  clearInterval(heartbeat);
  readers.forEach((response) => response.end());
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(port, "0.0.0.0", () => console.log(`web: listening on 0.0.0.0:${port}`));
