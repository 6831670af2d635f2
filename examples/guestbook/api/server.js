// The guest book as JSON, for the museum's app.
import { createServer } from "node:http";
import pg from "pg";

const port = Number(process.env.PORT ?? 4000);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 5 });
// A database that restarts takes idle connections with it: the next query opens new ones.
pool.on("error", (error) => console.error(`api: database: ${error.message}`));

const routes = {
  "GET /": async () => [200, { entries: "/entries", health: "/healthz" }],
  "GET /healthz": async () => [200, { ok: true, entries: (await pool.query("select count(*)::int from entries")).rows[0].count }],
  "GET /entries": async (request, url) => {
    const limit = Math.min(Math.max(Number(url.searchParams.get("limit")) || 50, 1), 200);
    const before = Number(url.searchParams.get("before")) || 2 ** 31 - 1;
    const sql = "select id, name, place, message, created_at from entries where id < $1 order by id desc limit $2";
    return [200, { entries: (await pool.query(sql, [before, limit])).rows }];
  },
  "POST /entries": async (request) => {
    const { name = "", place = "", message = "" } = JSON.parse(await read(request));
    const missing = [name, message].some((text) => typeof text !== "string" || text.trim() === "");
    if (missing) return [422, { error: "name and message are required" }];
    if (name.length > 80 || String(place).length > 80 || message.length > 500) return [422, { error: "too long" }];
    const sql = "insert into entries (name, place, message) values ($1, $2, $3) returning id, name, place, message, created_at";
    return [201, (await pool.query(sql, [name.trim(), String(place).trim(), message.trim()])).rows[0]];
  },
};

const server = createServer(async (request, response) => {
  const startedAt = performance.now();
  const url = new URL(request.url, "http://api");
  const route = routes[`${request.method} ${url.pathname}`];
  const [status, body] = await (route?.(request, url) ?? Promise.resolve([404, { error: "not found" }])).catch(failed);
  response.writeHead(status, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" });
  response.end(`${JSON.stringify(body)}\n`);
  console.log(`api: ${request.method} ${url.pathname} ${status} ${Math.round(performance.now() - startedAt)} ms`);
});

function failed(error) {
  if (error instanceof SyntaxError) return [400, { error: "not JSON" }];
  console.error(`api: ${error.message}`);
  return [503, { error: "the database does not answer" }];
}

async function read(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new SyntaxError("too long");
  }
  return text;
}

// Requests that are on their way are answered. The database is not waited for: it may be gone before us.
process.on("SIGTERM", () => {
  console.log("api: stopping");
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(port, "0.0.0.0", () => console.log(`api: listening on 0.0.0.0:${port}`));
