import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { firstManifest } from "../../src/render/init/first-manifest.ts";
import { type Files, limits, preview, readerOf, render, templates } from "./fixtures.ts";

const propose = (files: Files, schema: string | null = null) =>
  firstManifest({ reader: readerOf(files), templates, preview, limits, secrets: null, sources: null }, schema);

const dockerfile = "FROM node:24\nCOPY . .\n";

/** Repositories as people have them. */
const repositories: Record<string, Files> = {
  "a shop with its own database": {
    "compose.yaml": `services:
  web: { build: web, ports: ["3000:3000"], depends_on: [api] }
  api: { build: api, ports: ["4000:4000"], environment: { DATABASE_URL: "postgres://shop:\${DB_PASSWORD}@db/shop" } }
  db: { image: "postgres:17", ports: ["5432:5432"], volumes: ["pgdata:/var/lib/postgresql/data"] }
volumes: { pgdata: }
`,
    "web/Dockerfile": dockerfile,
    "api/Dockerfile": dockerfile,
    "db/seed.sql": "",
    "db/schema.sql": "",
    "db/migrations/001.sql": "",
    "db/drop_all.sql": "",
  },
  "Traefik in front of an application": {
    "compose.yaml": `services:
  frontend:
    image: traefik:2.6
    command: --providers.docker
    ports: ["80:80"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
    depends_on: [backend]
  backend:
    build: { context: backend, target: builder }
    labels: ["traefik.enable=true", "traefik.http.services.go.loadbalancer.server.port=80"]
`,
    "backend/Dockerfile": dockerfile.replace("node:24", "node:24 AS builder"),
  },
  "WordPress with required passwords": {
    "docker-compose.yml": `version: "3"
services:
  db:
    image: mariadb:10.6.4-focal
    command: '--default-authentication-plugin=mysql_native_password'
    volumes: [db_data:/var/lib/mysql]
    restart: always
    environment:
      - MYSQL_ROOT_PASSWORD=\${MYSQL_ROOT_PASSWORD:?give one}
      - MYSQL_PASSWORD=\${MYSQL_PASSWORD?}
    expose: [3306, 33060]
  wordpress:
    image: wordpress:latest
    ports: ["80:80"]
    restart: always
    environment: [WORDPRESS_DB_HOST=db, "WORDPRESS_DB_PASSWORD=\${MYSQL_PASSWORD}"]
volumes: { db_data: }
`,
  },
  "a monitored application with agents on the host": {
    "compose.yaml": `services:
  app: { build: ., ports: ["8000:8000"], restart: unless-stopped }
  cadvisor: { image: "gcr.io/cadvisor/cadvisor", ports: ["8081:8080"], volumes: ["/sys:/sys:ro", "/var/lib/docker/:/var/lib/docker:ro"] }
  node-exporter: { image: "prom/node-exporter", pid: host }
  portainer: { image: "portainer/portainer-ce", ports: ["9000:9000"], volumes: ["/var/run/docker.sock:/var/run/docker.sock", "data:/data"] }
  grafana: { image: "grafana/grafana", ports: ["3001:3000"], volumes: ["grafana:/var/lib/grafana"] }
volumes: { data: , grafana: }
`,
    Dockerfile: dockerfile,
  },
  "a database that loads its own files": {
    "compose.yaml": `services:
  web: { build: ., ports: ["3000:3000"] }
  db: { image: "postgres:17", volumes: ["pgdata:/var/lib/postgresql/data", "./db:/docker-entrypoint-initdb.d:ro"] }
volumes: { pgdata: }
`,
    Dockerfile: dockerfile,
    "db/init.sql": "",
  },
  "files for previews beside a developer's": {
    "compose.yaml": "services: { web: { build: ., ports: ['3000:3000'] } }\n",
    "compose.preview.yaml": "services: { web: { build: ., ports: ['3000:3000'] } }\n",
    Dockerfile: dockerfile,
  },
  "a Dockerfile": { Dockerfile: `${dockerfile}EXPOSE 8080\n` },
  pages: { "public/index.html": "" },
  "a Node application": { "package.json": '{ "scripts": { "start": "x", "build": "y" } }', "pnpm-lock.yaml": "" },
  "a Node application with Postgres": {
    "package.json": '{ "scripts": { "start": "x" }, "dependencies": { "pg": "8" } }',
    "db/schema.sql": "",
  },
  "a Django project": { "requirements.txt": "Django\npsycopg", "manage.py": "" },
};

describe("a first manifest", () => {
  test.each(Object.entries(repositories))("renders, and says each thing in words: %s", (_name, files) => {
    const { text, draft, output } = propose(files, "./schema.json");
    expect(output.stack).not.toBeNull();
    const again = render({ ...files, ".mayfly.yaml": text });
    expect(again.stack).toEqual(output.stack);
    expect(again.findings.filter(({ action }) => action === "refuse")).toEqual([]);
    expect(again.stack?.routes.map(({ service, port }) => ({ service, port }))).toEqual(draft.routes);
    // Every key stands under a comment, or has one.
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n# What Mayfly runs/);
    for (const key of Object.keys(parse(text) as object)) expect(text).toMatch(new RegExp(`^# .+\\n${key}:`, "m"));
  });

  test.each(Object.entries(repositories).filter(([name]) => !/Traefik|required|host|shop|Postgres$/.test(name)))(
    "changes nothing where nothing has to be mended: %s",
    (_name, files) => {
      const { stack } = render(files);
      // Only where it is written is another file now.
      expect({ ...propose(files).output.stack, places: null }).toEqual({ ...stack, places: null });
    },
  );

  const said = (name: string) => parse(propose(repositories[name] ?? {}).text) as Record<string, unknown>;

  test("names the Compose file, the routes, and what a database keeps and starts with", () => {
    expect(said("a shop with its own database")).toEqual({
      compose: "compose.yaml",
      routes: { web: 3000, api: 4000 },
      data: { db: { volume: "pgdata", seed: ["db/schema.sql", "db/seed.sql"] } },
    });
    expect(said("files for previews beside a developer's")).toMatchObject({ compose: "compose.preview.yaml" });
  });

  test("leaves the seeds of a database to itself where it loads them", () => {
    expect(said("a database that loads its own files")["data"]).toEqual({ db: { volume: "pgdata" } });
  });

  test("tells which variables nobody gives, with their place, and leaves them to their author", () => {
    const { draft, text } = propose(repositories["a shop with its own database"] ?? {});
    expect(draft.unset).toMatchObject([{ name: "DB_PASSWORD", place: { file: "compose.yaml", line: 3 } }]);
    expect(text).toMatch(/^# variables:\n {2}# DB_PASSWORD: .* compose\.yaml:3:\d+$/m);
  });

  test("gives required variables a value to replace", () => {
    expect(said("WordPress with required passwords")).toMatchObject({
      variables: { MYSQL_ROOT_PASSWORD: "change-me", MYSQL_PASSWORD: "change-me" },
      routes: { wordpress: 80 },
    });
  });

  test("leaves out services of others' images that a preview refuses, with the reason, and keeps the rest", () => {
    expect(said("Traefik in front of an application")).toMatchObject({
      services: { frontend: "drop" },
      routes: { backend: 80 },
    });
    expect(said("a monitored application with agents on the host")).toMatchObject({
      services: { cadvisor: "drop", "node-exporter": "drop", portainer: "drop" },
      routes: { app: 8000, grafana: 3000 },
      data: { grafana: { volume: "grafana" } },
    });
    expect(propose(repositories["Traefik in front of an application"] ?? {}).text).toMatch(
      /^ {2}frontend: drop # compose\.yaml:6:\d+ services\.frontend\.volumes.*docker\.sock/m,
    );
  });

  test("does not leave out what the repository builds: that stays refused", () => {
    const { output, draft } = propose({
      "compose.yaml": "services: { web: { build: ., privileged: true, ports: [80] }, cache: { image: redis } }",
      Dockerfile: dockerfile,
    });
    expect(output.stack).toBeNull();
    expect(draft.dropped).toEqual([]);
    expect(output.findings).toMatchObject([{ action: "refuse" }]);
  });

  test("writes a template's guesses as lines, and its other parameters as comments", () => {
    const { text } = propose(repositories["a Node application"] ?? {});
    expect(parse(text)).toEqual({
      template: "node",
      with: {
        install: expect.stringContaining("pnpm install"),
        build: "npm run build --if-present",
      },
    });
    expect(text).toContain("  # The port that the web service listens on, told to it as PORT.\n  # port: 3000\n");
  });

  test("says nothing that it would not say without the manifest that is there", () => {
    const files = repositories["a Dockerfile"] ?? {};
    expect(propose({ ...files, ".mayfly.yaml": "template: [" }).text).toBe(propose(files).text);
  });

  test("text of a branch ends no comment", () => {
    const { text } = propose({
      "compose.yaml": `services:
  web: { image: "x/web", ports: [80] }
  sock: { image: "x/sock", volumes: [{ type: bind, source: "/var/run/docker.sock\\nroutes: { sock: 1 }", target: /x }] }
`,
    });
    expect(parse(text)).toMatchObject({ routes: { web: 80 }, services: { sock: "drop" } });
  });

  test.each<[string, Files]>([
    ["no template fits", { "README.md": "" }],
    ["no service publishes a port", { "compose.yaml": "services: { db: { image: postgres } }" }],
    ["not valid YAML", { "compose.yaml": "services: [" }],
  ])("there is none where %s", (why, files) => {
    expect(() => propose(files)).toThrow(why);
  });
});
