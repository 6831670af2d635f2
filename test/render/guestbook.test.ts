import { expect, test } from "vitest";
import { render } from "./fixtures.ts";
import { sqlFiles } from "../support/stack.ts";

const mebibyte = 1024 * 1024;

const guestbook = {
  "compose.yaml": `services:
  web:
    build: web
    ports: ["8080:3000"]
    environment: { DATABASE_URL: "postgres://guest:guest@db:5432/guest", API: http://api:4000, HERE: "$MAYFLY_URL" }
    depends_on:
      db: { condition: service_healthy }
      migrate: { condition: service_completed_successfully }
    healthcheck: { test: [CMD, node, health.js], interval: 2s }
  api:
    build: { context: api, args: { MODE: "production" }, target: run }
    expose: [4000]
    restart: unless-stopped
    depends_on: [db]
  migrate:
    build: api
    command: node migrate.js
    depends_on: { db: { condition: service_healthy } }
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: guest }
    volumes: ["pgdata:/var/lib/postgresql/data"]
    healthcheck: { test: pg_isready -U guest, interval: 1s, retries: 30 }
    mem_limit: 512m
volumes: { pgdata: }
`,
  ".mayfly.yaml": "data: { db: { volume: pgdata, seed: [db/seed.sql] } }\nready: { path: /up }\n",
  "web/Dockerfile": "FROM node:24\n",
  "api/Dockerfile": "FROM node:24 AS run\n",
  "db/seed.sql": "select 1;",
};

const plain = {
  kept: false,
  job: false,
  command: null,
  entrypoint: null,
  environment: {},
  secrets: [],
  secretFiles: [],
  user: null,
  workingDir: null,
  hostname: null,
  healthcheck: null,
  restart: "no",
  stopSignal: null,
  stopGraceMs: null,
  init: false,
  readOnly: false,
  tty: false,
  stdinOpen: false,
  shmSizeBytes: null,
  capDrop: [],
  dependsOn: [],
  networks: [{ network: "default", aliases: [] }],
  mounts: [],
  ports: [],
  // (2048 - 512 MiB) / 2, and 1024 / 3
  limits: { cpus: 2, memoryBytes: 768 * mebibyte, pids: 341 },
} as const;

test("the guest book becomes this stack", () => {
  const { stack, findings } = render(guestbook);
  expect(findings.map((finding) => `${finding.line}:${finding.column} ${finding.action} ${finding.code}`)).toEqual([
    "4:13 rewrite port-published",
  ]);
  expect(stack).toEqual({
    slug: "shop-pr-42",
    project: "shop-pr-42-ab12",
    generation: 3,
    commit: "abc1234def",
    trust: "team",
    dataEpoch: 0,
    services: [
      {
        ...plain,
        name: "web",
        image: { kind: "build", build: "web" },
        environment: {
          DATABASE_URL: "postgres://guest:guest@db:5432/guest",
          API: "http://api:4000",
          HERE: "https://shop-pr-42.preview.example.com",
        },
        healthcheck: {
          test: ["CMD", "node", "health.js"],
          intervalMs: 2000,
          timeoutMs: null,
          retries: null,
          startPeriodMs: null,
          startIntervalMs: null,
        },
        dependsOn: [
          { service: "db", condition: "healthy", required: true },
          { service: "migrate", condition: "completed", required: true },
        ],
        ports: [3000],
        limits: { ...plain.limits, pids: 341 },
      },
      {
        ...plain,
        name: "api",
        image: { kind: "build", build: "api" },
        restart: "unless-stopped",
        dependsOn: [{ service: "db", condition: "started", required: true }],
        ports: [4000],
      },
      {
        ...plain,
        name: "migrate",
        job: true,
        image: { kind: "build", build: "migrate" },
        command: ["node", "migrate.js"],
        dependsOn: [{ service: "db", condition: "healthy", required: true }],
      },
      {
        ...plain,
        name: "db",
        kept: true,
        image: { kind: "pull", reference: "postgres:17", place: { file: "compose.yaml", line: 20, column: 12 } },
        environment: { POSTGRES_PASSWORD: "guest" },
        healthcheck: {
          test: ["CMD-SHELL", "pg_isready -U guest"],
          intervalMs: 1000,
          timeoutMs: null,
          retries: 30,
          startPeriodMs: null,
          startIntervalMs: null,
        },
        mounts: [{ kind: "volume", volume: "pgdata", target: "/var/lib/postgresql/data", readOnly: false }],
        limits: { cpus: 2, memoryBytes: 512 * mebibyte, pids: 341 },
      },
    ],
    builds: [
      {
        name: "web",
        context: "web",
        dockerfile: "web/Dockerfile",
        inline: null,
        target: null,
        args: {},
        secrets: [],
        tag: "",
      },
      {
        name: "api",
        context: "api",
        dockerfile: "api/Dockerfile",
        inline: null,
        target: "run",
        args: { MODE: "production" },
        secrets: [],
        tag: "",
      },
      {
        name: "migrate",
        context: "api",
        dockerfile: "api/Dockerfile",
        inline: null,
        target: null,
        args: {},
        secrets: [],
        tag: "",
      },
    ],
    networks: [{ name: "default", internal: false }],
    volumes: [{ name: "pgdata", rules: { service: "db", migrations: [], changed: "wait" } }],
    seeds: [{ service: "db", volume: "pgdata", parts: sqlFiles("db/seed.sql") }],
    files: [],
    routes: [
      { service: "web", port: 3000, path: null, health: "/up", host: "shop-pr-42.preview.example.com", main: true },
    ],
    readyTimeoutMs: 180_000,
    places: expect.objectContaining({
      "routes.web": "compose.yaml:4:5",
      "services.web": "compose.yaml:2:3",
      "services.web.environment.DATABASE_URL": "compose.yaml:5:20",
      "services.db.image": "compose.yaml:20:5",
    }),
    sources: [
      ".env",
      ".mayfly.yaml",
      "api",
      "api/",
      "api/Dockerfile",
      "api/Dockerfile.dockerignore",
      "compose.preview.yaml",
      "compose.preview.yml",
      "compose.yaml",
      "db/seed.sql",
      "db/seed.sql/",
      "web",
      "web/",
      "web/Dockerfile",
      "web/Dockerfile.dockerignore",
    ],
  });
});
