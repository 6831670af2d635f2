/** A product as small as one can be and still be one: a page, a health route, a slow answer, and what a test wants it to do wrong. */
export function miniShop(
  change: {
    page?: string;
    dockerfile?: string;
    compose?: string;
    server?: string;
    files?: Record<string, string>;
  } = {},
): Record<string, string> {
  return {
    "compose.yaml": change.compose ?? compose,
    "web/Dockerfile": change.dockerfile ?? dockerfile,
    "web/server.js": change.server ?? server,
    "web/page.txt": change.page ?? "first page",
    ...change.files,
  };
}

const compose = `services:
  web:
    build: web
    ports: ["3000:3000"]
    restart: unless-stopped
    environment:
      COMMIT: \${MAYFLY_COMMIT:-none}
`;

const dockerfile = `FROM node:24
COPY . /app
CMD ["node", "/app/server.js"]
`;

const server = `const http = require("node:http");
const page = require("node:fs").readFileSync("/app/page.txt", "utf8").trim();
const server = http.createServer((request, response) => {
  const answer = () => response.end(page + " at " + process.env.COMMIT + "\\n");
  if (request.url === "/slow") setTimeout(answer, 300);
  else answer();
});
server.listen(3000, "0.0.0.0", () => console.log("listening"));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;
