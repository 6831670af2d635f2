/** One size of database: what the bench is told by, and how many rows of about 1 KiB its table has. */
export type Size = { name: string; rows: number; turns: number; copies: number };

/** Fewer turns where one takes minutes: restoring 4 GB is most of the run. */
export const sizes: readonly Size[] = [
  { name: "10MB", rows: 10_000, turns: 5, copies: 3 },
  { name: "200MB", rows: 200_000, turns: 5, copies: 3 },
  { name: "1GB", rows: 1_040_000, turns: 5, copies: 3 },
  { name: "4GB", rows: 4_200_000, turns: 3, copies: 1 },
];

/** Nothing but a table without rows: what a preview takes whose data weighs nothing. */
export const empty: Size = { name: "empty", rows: 0, turns: 5, copies: 0 };

/** A table that has the size, made by the server itself: texts that differ, as people's do. */
export function seedOf({ rows }: Pick<Size, "rows">, table = "entries"): string {
  return `CREATE TABLE ${table} (id bigint, title text, body text);
INSERT INTO ${table}
  SELECT n, 'Entry ' || n, repeat(md5(n::text), 28) FROM generate_series(1, ${rows}) AS n;
ALTER TABLE ${table} ADD PRIMARY KEY (id);
`;
}

/** A database, and a page that answers as soon as it can count on it. */
export function productOf(size: Size): Record<string, string> {
  return {
    "compose.yaml": `services:
  web:
    build: web
    ports: ["3000:3000"]
    depends_on: { db: { condition: service_healthy } }
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: bench }
    shm_size: 128m
    volumes: ["pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"], interval: 1s }
volumes: { pgdata: }
`,
    ".mayfly.yaml": "data: { db: { volume: pgdata, seed: [seed.sql] } }\nready: { timeout: 15m }\n",
    "seed.sql": seedOf(size),
    "web/Dockerfile": 'FROM node:24\nCOPY server.js /server.js\nCMD ["node", "/server.js"]\n',
    "web/server.js": 'require("node:http").createServer((q, r) => r.end("up")).listen(3000, "0.0.0.0");\n',
  };
}
