import { describe, expect, test } from "vitest";
import { type Files, render, templates } from "./fixtures.ts";

const scripts = (change: object) => JSON.stringify({ scripts: { start: "node server.js" }, ...change }, null, 2);
const node = { "package.json": scripts({}) };
const nodePostgres = { "package.json": scripts({ dependencies: { pg: "8" } }) };
const python = { "requirements.txt": "psycopg[binary]\n", "app.py": "" };

/** What a service of the rendered stack is given to run. */
const commandOf = (files: Files, service = "web") =>
  render(files)
    .stack?.services.find(({ name }) => name === service)
    ?.command?.at(-1);
const argsOf = (files: Files) => render(files).stack?.builds[0]?.args;
const namesOf = (files: Files) => render(files).stack?.services.map(({ name }) => name);
const withManifest = (files: Files, manifest: string) => ({ ...files, ".mayfly.yaml": manifest });

describe("without a Compose file the repository's own files decide", () => {
  test.each<[string, string, Files]>([
    ["pages", "static-site", { "index.html": "" }],
    ["pages in a folder", "static-site", { "README.md": "", "public/index.html": "" }],
    ["a start script", "node", node],
    ["a start script beside pages", "node", { ...node, "index.html": "" }],
    [
      "an application built by Vite",
      "node",
      { "index.html": "", "package.json": '{"scripts":{"preview": "vite preview"}}' },
    ],
    ["a Postgres driver", "node-postgres", nodePostgres],
    ["Prisma with Postgres", "node-postgres", { ...node, "prisma/schema.prisma": 'provider = "postgresql"' }],
    ["Prisma with another database", "node", { ...node, "prisma/schema.prisma": 'provider = "sqlite"' }],
    ["a list of Python packages", "python-postgres", { "requirements.txt": "Django==5.2\n", "manage.py": "" }],
    ["a Python project", "python-postgres", { "pyproject.toml": 'dependencies = ["SQLAlchemy"]' }],
    ["a Dockerfile, whatever else there is", "dockerfile", { Dockerfile: "FROM node:24", ...nodePostgres }],
  ])("%s: %s", (_what, template, files) => {
    const { detected, findings, stack } = render(files);
    expect(detected).toContain(`the template ${template}.`);
    expect(findings).toMatchObject([
      { action: "note", code: "template", file: Object.keys(files).find((file) => detected.includes(file)) },
    ]);
    expect(stack?.services.map(({ name }) => name)).toContain("web");
  });

  test("says what else it could be, but not what is part of it", () => {
    expect(render({ Dockerfile: "FROM node:24", ...nodePostgres }).detected).toMatch(
      /It could be node-postgres or node, too\.$/,
    );
    expect(render(nodePostgres).detected).toMatch(/the template node-postgres\.$/);
  });

  test("does not say so where the manifest names the template", () => {
    expect(render(withManifest(node, "template: node")).findings).toEqual([]);
  });

  test.each<[string, Files]>([
    ["no start script", { "package.json": '{"name": "library"}' }],
    ["a package list without a database", { "requirements.txt": "requests\n" }],
    ["a driver after more text than anybody writes", { "requirements.txt": `${"# x\n".repeat(70_000)}psycopg` }],
    ["a folder in place of a file", { "package.json/start": "" }],
  ])("and none fits %s", (_what, files) => {
    expect(() => render(files)).toThrow("no template fits");
  });
});

describe("a template's parameters", () => {
  test.each<[string, Files, object]>([
    ["npm without a lock file", node, { INSTALL: "npm install", BUILD: "" }],
    ["npm with one", { ...node, "package-lock.json": "{}" }, { INSTALL: "npm ci" }],
    ["pnpm", { ...node, "pnpm-lock.yaml": "" }, { INSTALL: expect.stringMatching(/pnpm install --frozen-lockfile$/) }],
    ["yarn", { ...node, "yarn.lock": "" }, { INSTALL: expect.stringMatching(/yarn install --frozen-lockfile$/) }],
    [
      "a build script",
      { "package.json": '{"scripts":{"build": "x", "start": "y"}}' },
      { BUILD: "npm run build --if-present" },
    ],
    ["uv", { "pyproject.toml": "psycopg", "uv.lock": "" }, { INSTALL: expect.stringContaining("uv export --frozen") }],
    ["pip", python, { INSTALL: "pip install -r requirements.txt", BUILD: "" }],
  ])("are guessed from what is there: %s", (_what, files, args) => {
    expect(argsOf(files)).toMatchObject(args);
  });

  test.each<[Files, string]>([
    [node, "npm start"],
    [{ ...node, "yarn.lock": "" }, "yarn run start"],
    [{ "package.json": '{"scripts":{"preview": "vite preview"}}' }, "npm run preview -- --host 0.0.0.0 --port $PORT"],
    [{ "requirements.txt": "django", "manage.py": "" }, "python manage.py runserver 0.0.0.0:$PORT"],
    [
      { "requirements.txt": "psycopg\nfastapi\nuvicorn", "main.py": "" },
      "uvicorn main:app --host 0.0.0.0 --port $PORT",
    ],
    [{ "requirements.txt": "psycopg\nFlask\ngunicorn", "app.py": "" }, "gunicorn --bind 0.0.0.0:$PORT app:app"],
    [{ "requirements.txt": "psycopg\nFlask", "app.py": "" }, "flask run --host 0.0.0.0 --port $PORT"],
    [{ ...python, Procfile: "web: waitress app\n" }, `eval "$(sed -n 's/^web:[ ]*//p' Procfile | head -n 1)"`],
    [python, "python app.py"],
  ])("say how the web service starts: %j", (files, command) => {
    expect(commandOf(files)).toBe(command);
  });

  test("give the command, the port and the versions that the manifest says", () => {
    const manifest =
      'template: node-postgres\nwith: { start: "node web.js $HOME", port: 8080, node: "22.4", postgres: 16 }';
    const { stack } = render(withManifest(node, manifest));
    expect(stack?.routes).toMatchObject([{ service: "web", port: 8080 }]);
    expect(stack?.builds[0]?.inline).toContain("FROM node:22.4\n");
    expect(stack?.services).toMatchObject([
      { name: "web", command: ["sh", "-c", "node web.js $HOME"], environment: { PORT: "8080" } },
      { name: "db", image: { reference: "postgres:16" }, kept: true },
    ]);
  });

  test.each([
    ["with: { prt: 1 }", "unknown-key", "2:9", 'Did you mean "port"?'],
    ["with: { port: x }", "invalid-value", "2:15", "with.port must be a port, not x"],
    ["with: { port: 70000 }", "invalid-value", "2:15", "with.port must be a port"],
    ['with: { node: "24\\nRUN x" }', "invalid-value", "2:15", "with.node must be a version"],
    ['with: { start: "a\\nb" }', "invalid-value", "2:16", "with.start must be a command in one line"],
    ['with: { start: "" }', "invalid-value", "2:16", "must be a command"],
  ])("that do not fit are refused at their place: %s", (line, code, place, message) => {
    const [lineNumber, column] = place.split(":").map(Number);
    expect(() => render(withManifest(node, `template: node\n${line}`))).toThrow(
      expect.objectContaining({
        code,
        place: { file: ".mayfly.yaml", line: lineNumber, column },
        message: expect.stringContaining(message),
      }),
    );
  });

  test.each(["../x", "/etc", '"a b\\"]\\nRUN x"', ".."])(
    "a folder outside of the repository is refused: %s",
    (folder) => {
      expect(() => render(withManifest({}, `template: static-site\nwith: { folder: ${folder} }`))).toThrow(
        "with.folder must be a folder of the repository",
      );
    },
  );
});

describe("one image, several commands", () => {
  const manifest = [
    "template: node-postgres",
    "with:",
    "  start: npm start -w web",
    "  api: npm start -w api",
    "  worker: node worker.js",
    "  migrate: node migrate.js",
  ].join("\n");

  test("services without a command are not there", () => {
    expect(namesOf(node)).toEqual(["web"]);
    expect(namesOf(nodePostgres)).toEqual(["web", "db"]);
    expect(namesOf(withManifest(node, manifest))).toEqual(["web", "api", "worker", "migrate", "db"]);
  });

  test("all are made of one build and know the database, migrations end first, and the second port is a route", () => {
    const { stack, findings } = render(withManifest(node, manifest));
    expect(findings).toEqual([]);
    expect(stack?.builds).toHaveLength(1);
    expect(stack?.routes.map(({ service, port, main }) => ({ service, port, main }))).toEqual([
      { service: "web", port: 3000, main: true },
      { service: "api", port: 4000, main: false },
    ]);
    const ours = stack?.services.filter(({ name }) => name !== "db") ?? [];
    expect(
      ours.map(({ name, command, job, environment }) => [name, command?.at(-1), job, environment["PORT"]]),
    ).toEqual([
      ["web", "npm start -w web", false, "3000"],
      ["api", "npm start -w api", false, "4000"],
      ["worker", "node worker.js", false, undefined],
      ["migrate", "node migrate.js", true, undefined],
    ]);
    for (const { name, environment, dependsOn } of ours) {
      expect(environment["DATABASE_URL"]).toBe("postgres://app:app@db:5432/app");
      expect(environment["API_URL"]).toBe("https://shop-pr-42--api.preview.example.com");
      expect(dependsOn.map((each) => `${each.service} ${each.condition}`).toSorted()).toEqual(
        name === "migrate" ? ["db healthy"] : ["db healthy", "migrate completed"],
      );
    }
  });

  test.each<[Files, string]>([
    [
      { ...node, "prisma/schema.prisma": '"postgresql"', "prisma/migrations/migration_lock.toml": "" },
      "npx prisma migrate deploy",
    ],
    [{ "requirements.txt": "django", "manage.py": "" }, "python manage.py migrate --noinput"],
    [{ "requirements.txt": "sqlalchemy", "alembic.ini": "" }, "alembic upgrade head"],
  ])("known migrations run by themselves: %j", (files, command) => {
    expect(commandOf(files, "migrate")).toBe(command);
  });
});

test("no template asks for what is not done", () => {
  const files: Record<string, Files> = {
    dockerfile: { Dockerfile: "FROM node:24" },
    "static-site": { "index.html": "" },
    node,
    "node-postgres": nodePostgres,
    "python-postgres": python,
  };
  expect(templates.list()).toEqual(Object.keys(files).toSorted());
  for (const [name, repository] of Object.entries(files)) {
    expect(render(withManifest(repository, `template: ${name}`)).findings).toEqual([]);
  }
});
