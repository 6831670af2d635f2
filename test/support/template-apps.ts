/** One small repository for each template; none needs a package index, and each tells what a test wants to know. */

export const pages = {
  "index.html": "<h1>The front page</h1>\n",
  "about.html": "<h1>About us</h1>\n",
  "shop/index.html": "<h1>The shop</h1>\n",
  "404.html": "<h1>Nothing here</h1>\n",
  ".env": "TOKEN=not for everybody\n",
};

export const image = {
  Dockerfile: 'FROM node:24\nCOPY server.js .\nEXPOSE 8080\nCMD ["server.js"]\n',
  "server.js": `const { PORT } = process.env;
require("node:http").createServer((_, answer) => answer.end("port " + PORT)).listen(PORT);
`,
};

/** Two packages, two commands, one image. Whoever installs throws dice, and both show what fell. */
export const workspaces = {
  "package.json": JSON.stringify({
    private: true,
    workspaces: ["apps/*"],
    scripts: { postinstall: "node -p 'Math.random()' > dice.txt", build: "node -p '40 + 2' > built.txt" },
  }),
  "package-lock.json": JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": { workspaces: ["apps/*"] },
      "apps/api": {},
      "apps/web": {},
      "node_modules/api": { resolved: "apps/api", link: true },
      "node_modules/web": { resolved: "apps/web", link: true },
    },
  }),
  "apps/web/package.json": JSON.stringify({ name: "web", scripts: { start: "node ../../serve.js web" } }),
  "apps/api/package.json": JSON.stringify({ name: "api", scripts: { start: "node ../../serve.js api" } }),
  "serve.js": `const { readFileSync } = require("node:fs");
const read = (file) => readFileSync(__dirname + "/" + file, "utf8").trim();
const { NODE_ENV, API_URL } = process.env;
const said = { name: process.argv[2], dice: read("dice.txt"), built: read("built.txt"), page: read("page.txt"), NODE_ENV, API_URL };
require("node:http").createServer((_, answer) => answer.end(JSON.stringify(said))).listen(process.env.PORT, process.env.HOST);
`,
  "page.txt": "first page\n",
  ".mayfly.yaml": "template: node\nwith: { start: npm start -w web, api: npm start -w api }\n",
};

/** Lists the guests of a seeded database; its driver lies in the repository. */
export const guests = {
  "package.json": JSON.stringify(
    { private: true, scripts: { start: "node server.js" }, dependencies: { pg: "file:vendor/pg" } },
    null,
    2,
  ),
  "server.js": `const { query } = require("pg");
require("node:http").createServer(async (_, answer) => {
  answer.end((await query(process.env.DATABASE_URL, "SELECT name FROM guest ORDER BY name")).join(", "));
}).listen(process.env.PORT);
`,
  "db/guests.sql": "CREATE TABLE guest (name text);\nINSERT INTO guest VALUES ('Ann'), ('Bob');\n",
  ".mayfly.yaml": "data: { db: { seed: [ db/guests.sql ] } }\n",
  "vendor/pg/package.json": JSON.stringify({ name: "pg", version: "1.0.0" }),
  "vendor/pg/index.js": `const { createHash, createHmac, pbkdf2Sync, randomBytes } = require("node:crypto");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const int = (n) => { const b = Buffer.alloc(4); b.writeInt32BE(n); return b; };
const message = (type, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(type), int(body.length + 4), body]);
};

/** The first column of a query's rows, over a connection of its own (SCRAM-SHA-256, RFC 5802). */
exports.query = (link, sql) => new Promise((resolve, reject) => {
  const { hostname, port, username, password, pathname } = new URL(link);
  const socket = require("node:net").connect(Number(port), hostname).on("error", reject);
  socket.write(message("", int(196608), "user\\0" + username + "\\0database\\0" + pathname.slice(1) + "\\0\\0"));
  const rows = [];
  const bare = "n=,r=" + randomBytes(18).toString("base64");
  const proofOf = (challenge) => {
    const { r, s, i } = Object.fromEntries(challenge.split(",").map((part) => [part[0], part.slice(2)]));
    const client = hmac(pbkdf2Sync(password, Buffer.from(s, "base64"), Number(i), 32, "sha256"), "Client Key");
    const ending = "c=biws,r=" + r;
    const mark = hmac(createHash("sha256").update(client).digest(), [bare, challenge, ending].join(","));
    return ending + ",p=" + client.map((byte, at) => byte ^ mark[at]).toString("base64");
  };
  const hear = (type, body) => {
    const kind = type === "R" ? body.readInt32BE(0) : -1;
    if (kind === 10) socket.write(message("p", "SCRAM-SHA-256\\0", int(bare.length + 3), "n,," + bare));
    if (kind === 11) socket.write(message("p", proofOf(body.toString("utf8", 4))));
    if (type === "D") rows.push(body.toString("utf8", 6));
    if (type === "E") reject(new Error(body.toString()));
    if (type === "Z" && !hear.asked) { hear.asked = true; socket.write(message("Q", sql + "\\0")); }
    else if (type === "Z") { socket.end(); resolve(rows); }
  };
  let left = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    left = Buffer.concat([left, chunk]);
    while (left.length > 4 && left.length > left.readInt32BE(1)) {
      const end = left.readInt32BE(1) + 1;
      hear(String.fromCharCode(left[0]), left.subarray(5, end));
      left = left.subarray(end);
    }
  });
});
`,
};

/** Has the two commands of Django's that matter here. */
export const tables = {
  "requirements.txt": "psycopg\n",
  "manage.py": `import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
import psycopg

def ask(sql):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return connection.execute(sql)

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        with psycopg.connect() as connection:
            rows = connection.execute("SELECT step FROM migrations ORDER BY step").fetchall()
        self.send_response(200)
        self.end_headers()
        self.wfile.write((", ".join(step for step, in rows) + " for " + os.environ["ALLOWED_HOSTS"]).encode())

if sys.argv[1] == "migrate":
    ask("CREATE TABLE IF NOT EXISTS migrations (step text)")
    ask("INSERT INTO migrations VALUES ('migrated')")
elif sys.argv[1] == "runserver":
    host, port = sys.argv[2].split(":")
    HTTPServer((host, int(port)), Page).serve_forever()
`,
};
