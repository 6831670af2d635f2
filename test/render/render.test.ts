import { describe, expect, test } from "vitest";
import { InputError, SourceError } from "../../src/domain/errors.ts";
import { type Files, readerOf, render, renderCompose } from "./fixtures.ts";

const web = (image: string) => `services: { web: { image: ${image}, ports: [80] } }`;

function failure(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

const seeded = (written: string, image = "postgres:17") => ({
  "compose.yaml": `services:
  web: { image: x, ports: [3000] }
  db: { image: "${image}", environment: { POSTGRES_PASSWORD: x }, volumes: [ "data:/data" ] }
volumes: { data: }`,
  ".mayfly.yaml": `data: { db: { seed: [ ${written} ] } }`,
  "db/1.sql": "",
  "db/2.sql": "",
  "db/10.sql.gz": "",
  "db/notes.txt": "",
  "db/dump.rdb": "",
  "db/prod.pgdump": "",
  "db/fill.sh": "",
  "files/a.txt": "",
});

describe("what runs", () => {
  test.each<[string, Files, string, string]>([
    [
      "compose.preview.yaml first",
      { "compose.preview.yaml": web("preview"), "compose.yaml": web("plain") },
      "preview",
      "compose.preview.yaml",
    ],
    [
      "the usual names, in Compose's order",
      { "docker-compose.yml": web("old"), "compose.yaml": web("new") },
      "new",
      "compose.yaml",
    ],
    [
      "not the override",
      { "compose.yaml": web("plain"), "compose.override.yaml": web("over") },
      "plain",
      "compose.yaml",
    ],
    [
      "what the manifest names",
      { ".mayfly.yaml": "compose: x.yaml", "x.yaml": web("named"), "compose.yaml": web("plain") },
      "named",
      "x.yaml",
    ],
  ])("is %s", (_what, files, image, file) => {
    const output = render(files);
    expect(output.stack?.services[0]?.image).toMatchObject({ kind: "pull", reference: image });
    expect(output.detected).toContain(file);
  });

  test.each([
    ["its exposed port", "FROM node\nEXPOSE 8080", undefined, 8080],
    ["port 3000 without one", "FROM node", undefined, 3000],
    ["the port the manifest gives", "FROM node\nEXPOSE 8080", "template: dockerfile\nwith: { port: 9000 }", 9000],
  ])("is a lone Dockerfile on %s", (_what, dockerfile, manifest, port) => {
    const output = render({ Dockerfile: dockerfile, ...(manifest === undefined ? {} : { ".mayfly.yaml": manifest }) });
    expect(output.stack?.routes).toMatchObject([
      { service: "web", port, main: true, host: "shop-pr-42.preview.example.com" },
    ]);
    expect(output.stack?.services).toMatchObject([
      { environment: { PORT: String(port) }, ports: [port], restart: "unless-stopped" },
    ]);
    expect(output.detected).toContain("dockerfile");
  });

  test.each<[Files, string, string]>([
    [{ "README.md": "" }, "no-compose-file", "no Compose file"],
    [{ ".mayfly.yaml": "compose: x.yaml" }, "file-missing", "x.yaml"],
    [{ ".mayfly.yaml": "compose: ../x.yaml" }, "path-outside", "../x.yaml"],
    [{ ".mayfly.yaml": "template: dockerfil" }, "not-found", 'no template "dockerfil"'],
    [
      { ".mayfly.yaml": "template: dockerfile\nwith: { prt: 1 }", Dockerfile: "FROM a" },
      "unknown-key",
      'Did you mean "port"?',
    ],
    [
      { ".mayfly.yaml": "template: dockerfile\nwith: { port: x }", Dockerfile: "FROM node:24" },
      "invalid-value",
      "must be a port",
    ],
    [{ "compose.yaml": "" }, "invalid-value", "compose.yaml is empty"],
    [{ "compose.yaml": "- a" }, "invalid-value", "must be a map"],
    [{ "compose.yaml": "services: {}" }, "invalid-value", "no services"],
    [{ "compose.yaml": "services: { web: {} }" }, "invalid-value", "neither image nor build"],
    [{ "compose.yaml": 'services: { "a b": { image: x } }' }, "invalid-value", "cannot be a name"],
    [{ "compose.yaml": "services: { constructor: { image: x } }" }, "invalid-value", "cannot be a name"],
    [{ "compose.yaml": "services: { a: { image: x } }\nvolumes: { toString: }" }, "invalid-value", "cannot be a name"],
    [
      { "compose.yaml": "services: { a: { image: x, depends_on: [b] }, b: { image: x, depends_on: [a] } }" },
      "invalid-value",
      "a → b → a",
    ],
    [
      { "compose.yaml": "services: { db: { image: postgres, ports: [5432] } }" },
      "route-missing",
      "no service publishes",
    ],
    [{ "compose.yaml": web("x"), ".mayfly.yaml": "routes: { wep: 80 }" }, "invalid-value", 'the service "wep"'],
    [{ "compose.yaml": web("x"), ".mayfly.yaml": "data: { db: {} }" }, "invalid-value", 'the service "db"'],
    [
      { "compose.yaml": web("x"), ".mayfly.yaml": "data: { web: { seed: [a.sql] } }" },
      "invalid-value",
      "needs a named volume",
    ],
    ...(
      [
        ["db/nope.sql", "file-missing", "there is no seed file db/nope.sql"],
        ["../a.sql", "path-outside", "../a.sql leads outside the repository"],
        ["db/*.csv", "file-missing", "there is no seed file like db/*.csv"],
        ["db/**/*.sql", "invalid-value", "db/**/*.sql: ** is not understood in a seed"],
        ["db/notes.txt", "invalid-value", "nobody can tell by its name what db/notes.txt is"],
        ["db/dump.rdb", "invalid-value", "db/dump.rdb cannot be loaded into db, which is no Redis or Valkey"],
        ["db/1.sql, files", "invalid-value", "files is put into the volume before db starts"],
        ["{ run: { service: wbe, command: a } }", "invalid-value", 'run names the service "wbe"'],
      ] as const
    ).map(([written, code, message]): [Files, string, string] => [seeded(written), code, message]),
    [{ ...seeded("db/1.sql", "redis:8") }, "invalid-value", "db/1.sql cannot be loaded into db, which is no Postgres"],
  ])("cannot be told from %j", (files, code, message) => {
    const error = failure(() => render(files));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
});

test("a package without a start script is told how to say it", () => {
  const error = failure(() => render({ "package.json": '{ "main": "index.js" }' }));
  expect(error.hint).toContain("`template: node` and `with: { start: node src/index.js }`");
});

test("seeds are files by their names, sorted patterns, folders first, and programs", () => {
  const { stack } = render(
    seeded(
      'files/, "db/?.sql", "./db/*.gz", db/prod.pgdump, db/fill.sh, { run: { service: web, command: npm run x } }',
    ),
  );
  expect(stack?.seeds).toEqual([
    {
      service: "db",
      volume: "data",
      parts: [
        { kind: "folder", path: "files" },
        { kind: "file", path: "db/1.sql", form: "sql" },
        { kind: "file", path: "db/2.sql", form: "sql" },
        { kind: "file", path: "db/10.sql.gz", form: "sql.gz" },
        { kind: "file", path: "db/prod.pgdump", form: "dump" },
        { kind: "file", path: "db/fill.sh", form: "shell" },
        { kind: "run", service: "web", command: ["sh", "-c", "npm run x"] },
      ],
    },
  ]);
});

describe("variables", () => {
  const compose = 'services: { web: { image: "x:$A", ports: [80], environment: { V: $V, N: $MAYFLY_PR_NUMBER } } }';
  test("come from the manifest, then from .env, and ours always win", () => {
    const output = render({
      "compose.yaml": compose,
      ".env": "A=env\nV=env\nMAYFLY_PR_NUMBER=666\n",
      ".mayfly.yaml": 'variables: { A: manifest-$MAYFLY_BRANCH, MAYFLY_PR_NUMBER: "667" }',
    });
    expect(output.stack?.services[0]).toMatchObject({
      image: { reference: "x:manifest-checkout" },
      environment: { V: "env", N: "42" },
    });
    expect(output.findings).toEqual([]);
  });

  test("never come from the server's environment, and each unset one is told with its place", () => {
    process.env["V"] = "leaked";
    const output = render({ "compose.yaml": compose.replace("x:$A", "x"), ".env": "B=$PATH\n" });
    delete process.env["V"];
    expect(output.stack?.services[0]?.environment["V"]).toBe("");
    expect(
      output.findings.map((finding) => `${finding.file}:${finding.line}:${finding.column} ${finding.message}`),
    ).toEqual([
      ".env:1:1 the variable PATH is not set: it becomes an empty text",
      "compose.yaml:1:63 the variable V is not set: it becomes an empty text",
    ]);
  });

  test("tell each service's own link, the main one's being the preview's", () => {
    const output = renderCompose(
      'services:\n  api: { image: x, ports: [80] }\n  web-app: { build: ., ports: [80], environment: { A: "$MAYFLY_URL_API", W: "$MAYFLY_URL_WEB_APP", H: "$MAYFLY_HOST", I: "$MAYFLY_PREVIEW_ID" } }\n',
    );
    expect(output.stack?.services[1]?.environment).toEqual({
      A: "https://shop-pr-42--api.preview.example.com",
      W: "https://shop-pr-42.preview.example.com",
      H: "shop-pr-42.preview.example.com",
      I: "shop-pr-42",
    });
  });
});

describe("routes", () => {
  test("are published HTTP ports, built services that nobody depends on first", () => {
    const output = renderCompose(`services:
  db: { image: "postgres:17", ports: [8080] }
  admin: { image: adminer, ports: [8080] }
  api: { build: ., ports: [4000] }
  web: { build: ., ports: ["9229:9229", 3000], depends_on: [api] }
  worker: { build: ., expose: [5000] }
`);
    expect(output.stack?.routes).toMatchObject([
      { service: "web", port: 3000, main: true, host: "shop-pr-42.preview.example.com" },
      { service: "api", port: 4000, main: false, host: "shop-pr-42--api.preview.example.com" },
      { service: "admin", port: 8080, main: false },
    ]);
  });

  test.each([
    ["Traefik's label", 'labels: ["traefik.http.services.shop.loadbalancer.server.port=8080"]', 8080],
    ["nginx-proxy's variable", "environment: { VIRTUAL_HOST: shop.test, VIRTUAL_PORT: 8081 }", 8081],
    ["expose", 'expose: ["5432", 8082/tcp]', 8082],
  ])("are what a proxy is told by %s, where nothing is published", (_what, line, port) => {
    const compose = (ports: string) => `services:
  proxy: { image: traefik, ports: [80] }
  web: { build: ., ${line}${ports} }
  db: { image: "postgres:17", expose: [8080] }
`;
    const manifest = { ".mayfly.yaml": "services: { proxy: drop }" };
    expect(renderCompose(compose(""), manifest).stack?.routes).toMatchObject([{ service: "web", port, main: true }]);
    expect(renderCompose(compose(""), {}).stack?.routes).toMatchObject([{ service: "proxy", port: 80 }]);
    expect(renderCompose(compose(", ports: [3000]"), manifest).stack?.routes).toMatchObject([{ port: 3000 }]);
  });

  test("are the manifest's, with path and health, when it names them", () => {
    const output = renderCompose("services:\n  web: { image: x }\n  api: { image: x, ports: [1] }\n", {
      ".mayfly.yaml":
        "routes: { api: { port: 4000, path: /api, health: /up }, web: 3000 }\nready: { path: /ready, timeout: 1m }",
    });
    expect(output.stack?.routes).toMatchObject([
      { service: "api", port: 4000, path: "/api", health: "/up", main: true },
      { service: "web", port: 3000, path: null, health: null, main: false },
    ]);
    expect(output.stack?.readyTimeoutMs).toBe(60_000);
    expect(output.stack?.services.find((service) => service.name === "web")?.ports).toEqual([3000]);
  });

  test("may not share a host", () => {
    const text = "services: { w: { image: x }, a_b: { image: x }, a-b: { image: x } }";
    expect(
      failure(() => renderCompose(text, { ".mayfly.yaml": "routes: { w: 1, a_b: 2, a-b: 3 }" })).message,
    ).toContain("two routes");
  });
});

test("a symbolic link that leads out is told at the line that names it", () => {
  const reader = readerOf({
    "compose.yaml": "services:\n  web:\n    image: x\n    env_file: link.env\n    ports: [80]\n",
  });
  const escaping = {
    ...reader,
    readText(path: string) {
      if (path === "link.env") throw new SourceError("path-outside", "link.env leads outside");
      return reader.readText(path);
    },
  };
  const error = failure(() => render({}, { reader: escaping }));
  expect([error.code, error.place]).toEqual(["path-outside", { file: "compose.yaml", line: 4, column: 15 }]);
});

test("a hostile stack is refused fast", () => {
  const bomb = [
    "x0: &x0 [a, a]",
    ...Array.from({ length: 20 }, (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i}, `.repeat(9)}]`),
  ].join("\n");
  const chain = Array.from({ length: 4000 }, (_, i) => `  s${i}: { image: x, depends_on: [s${i + 1}] }`).join("\n");
  const env = Array.from({ length: 9000 }, (_, i) => `${".".repeat((i % 60) + 1)}/`.replaceAll(/\.+/g, "./.")).map(
    (path, i) => `${path}${"./".repeat(i % 50)}a.env`,
  );
  for (const files of [
    { "compose.yaml": bomb },
    { "compose.yaml": `services:\n${chain}\n  s4000: { image: x }\n` },
    {
      "compose.yaml": `services: { web: { image: x, env_file: [${[...new Set(env)].join(", ")}] } }`,
      "a.env": "A=1\n".repeat(16_000),
    },
    {
      "compose.yaml": `services: { web: { image: x, environment: [${'"A=$A$A$A$A",'.repeat(5000)}] } }`,
      ".env": `A=${"x".repeat(60_000)}`,
    },
  ] as Files[]) {
    const started = performance.now();
    let refused = false;
    try {
      refused = render(files).stack === null;
    } catch (error) {
      refused = error instanceof InputError;
    }
    expect(refused).toBe(true);
    expect(performance.now() - started).toBeLessThan(2500);
  }
});
