import { describe, expect, test } from "vitest";
import type { InputError } from "../../src/domain/errors.ts";
import { render } from "./fixtures.ts";

const dockerfiles = { "web/Dockerfile": "FROM node:24\n", Dockerfile: "FROM node:24\n" };

/** `LINE:COLUMN CODE MESSAGE | HINT` of every note. */
function notes(compose: string, files: Record<string, string> = {}): string[] {
  const { findings } = render({ "compose.yaml": compose, ...dockerfiles, ...files });
  return findings
    .filter(({ action }) => action === "note")
    .map(({ line, column, code, message, hint }) => `${line}:${column} ${code} ${message} | ${hint}`);
}

function failure(compose: string, files: Record<string, string> = {}): InputError {
  try {
    render({ "compose.yaml": compose, ...dockerfiles, ...files });
  } catch (error) {
    return error as InputError;
  }
  throw new Error("it was read");
}

describe("variables that nobody set", () => {
  const compose = `services:
  web: { build: web, ports: [80], environment: { A: "$TOKEN", B: "x-\${TOKEN}", C: "\${OTHER:-given}" } }
`;

  test("are listed once, with each place", () => {
    expect(notes(compose)).toEqual([
      "2:53 variable-unset the variable TOKEN is not set: it becomes an empty text (also at compose.yaml:2:66) | " +
        "Set it in .mayfly.yaml, `variables: { TOKEN: … }` or as one of `secrets:`, or give it a default: ${TOKEN:-default}.",
    ]);
  });

  test("have the values of the example of an .env that is not committed", () => {
    const files = { ".env.example": "TOKEN=shown\nOTHER=unused\n" };
    expect(notes(compose, files)).toEqual([
      expect.stringContaining("TOKEN has the value of .env.example, since .env is not committed (also at"),
    ]);
    expect(render({ "compose.yaml": compose, ...dockerfiles, ...files }).stack?.services[0]?.environment).toEqual({
      A: "shown",
      B: "x-shown",
      C: "given",
    });
  });

  test("say which profiles are on where every service has some", () => {
    const profiled =
      "services:\n  web: { build: web, ports: [80], profiles: [web] }\n  js: { build: web, profiles: [js] }\n";
    const files = { "compose.yaml": profiled, ...dockerfiles };
    const shown = render({ ...files, ".env.example": "export COMPOSE_PROFILES=web\n" });
    expect(shown.stack?.services.map(({ name }) => name)).toEqual(["web"]);
    expect(notes(profiled, { ".env.example": "COMPOSE_PROFILES=web\n" })).toEqual([
      expect.stringContaining("COMPOSE_PROFILES has the value of .env.example, since .env is not committed"),
    ]);
    expect(() => render({ ...files, ".env": "A=b\n", ".env.example": "COMPOSE_PROFILES=web\n" })).toThrow(
      "no services",
    );
  });

  test("are not looked for in an example where there is an .env", () => {
    expect(notes(compose, { ".env": "A=b\n", ".env.example": "TOKEN=shown\n" })).toEqual([
      expect.stringContaining("TOKEN is not set"),
    ]);
  });

  test("and are required stop it, with the line of the manifest that sets them", () => {
    const { code, place, hint } = failure('services: { web: { image: "a:${TAG:?which}" } }');
    expect([code, place?.column, hint]).toEqual([
      "variable-missing",
      27,
      "Set it in .mayfly.yaml, as `variables: { TAG: … }`, or name it under `secrets:` where it is the operator's.",
    ]);
  });

  test("and are required are taken from an example too", () => {
    const { stack } = render({
      "compose.yaml": 'services: { web: { image: "shop:${TAG:?which}", ports: [80] } }',
      ".env.sample": "TAG=2\n",
    });
    expect(stack?.services[0]?.image).toMatchObject({ reference: "shop:2" });
  });
});

describe("an env file that is not committed", () => {
  const web = (file: string) => `services: { web: { build: web, ports: [80], env_file: [${file}] } }`;

  test.each([
    [".env", ".env.example"],
    ["config/app.env", "config/app.env.template"],
    [".env.local", ".env.local.sample"],
    [".env.local", ".env.example"],
  ])("%s is read from %s, and that is told", (file, example) => {
    const files = { [example]: "A=shown\n" };
    expect(notes(web(file), files)).toEqual([
      expect.stringContaining(`env-file-example ${file} is not committed: ${example} stands in for it`),
    ]);
    const { stack } = render({ "compose.yaml": web(file), ...dockerfiles, ...files });
    expect(stack?.services[0]?.environment).toEqual({ A: "shown" });
  });

  test("and has no example is asked for", () => {
    expect(failure(web(".env"))).toMatchObject({
      code: "file-missing",
      hint: expect.stringContaining("Commit .env.example beside it"),
    });
  });

  test("and is optional is passed over", () => {
    expect(notes(web("{ path: .env, required: false }"), { ".env.example": "A=b\n" })).toEqual([]);
  });
});

describe("a file that only changes another one", () => {
  test("is told which base to name before it", () => {
    const overlay = { "compose.preview.yaml": "services: { web: { environment: { A: b } } }\n" };
    const { message, hint } = failure("services: { web: { build: web, ports: [80] } }", overlay);
    expect([message, hint]).toEqual([
      "services.web has neither image nor build",
      "If compose.preview.yaml only changes what compose.yaml has, name both in .mayfly.yaml: `compose: [compose.yaml, compose.preview.yaml]`.",
    ]);
  });

  test("may be the base itself, which another one completes", () => {
    const { hint } = failure("services: { web: { ports: [80] } }", { "compose.prod.yml": "services: {}\n" });
    expect(hint).toContain("`compose: [compose.yaml, compose.prod.yml]`");
  });

  test("has no such advice where there is no other", () => {
    expect(failure("services: { web: { ports: [80] } }").hint).not.toContain("compose:");
  });
});

describe("a development file", () => {
  test.each<[string, string, string | null]>([
    ["a server that reloads", "command: npm run dev", "command: !reset null"],
    ["another one", "command: [python, manage.py, runserver]", "command: !reset null"],
    ["the code mounted over its image", "volumes: [./web:/app]", "volumes: !reset []"],
    ["all of the project mounted over it", "volumes: [.:/app]", "volumes: !reset []"],
    ["both", "command: vite dev\n    volumes: [./web:/app]", "command: !reset null, volumes: !reset []"],
    ["a program that is shipped", "command: node server.js", null],
    ["a folder beside the code", "volumes: [./assets:/assets]", null],
  ])("%s", (_name, said, changes) => {
    const advice = notes(`services:\n  web:\n    build: web\n    ports: [80]\n    ${said}\n`).filter((each) =>
      each.includes("development-file"),
    );
    const lines = advice.map((each) => /services: \{ web: \{ (.*) \} \}`/.exec(each)?.[1]);
    expect(lines).toEqual(changes === null ? [] : [changes]);
  });

  test("is run as it is shipped by the line that is told", () => {
    const compose = "services: { web: { build: web, ports: [80], command: npm run dev, volumes: ['./web:/app'] } }";
    const manifest = "services: { web: { command: !reset null, volumes: !reset [] } }\n";
    const { stack, findings } = render({ "compose.yaml": compose, ...dockerfiles, ".mayfly.yaml": manifest });
    expect(stack?.services[0]).toMatchObject({ command: null, mounts: [] });
    expect(findings.map(({ code }) => code)).not.toContain("development-file");
  });

  test("!reset has no meaning elsewhere in the manifest", () => {
    expect(failure("services: { web: { build: web } }", { ".mayfly.yaml": "ttl: !reset 3h\n" })).toMatchObject({
      code: "not-supported",
      place: { file: ".mayfly.yaml", line: 1 },
    });
  });
});

describe("an address of the developer's own machine", () => {
  const stack = (variable: string) => `services:
  web: { build: web, ports: ["8080:3000"], environment: { ${variable} } }
  api: { build: web, ports: ["4000:4000"] }
`;

  test.each<[string, string | null]>([
    ["APP_URL: http://localhost:8080/shop", "Write APP_URL: ${MAYFLY_URL:-http://localhost:8080}."],
    ["API: http://127.0.0.1:4000", "Write API: ${MAYFLY_URL_API:-http://127.0.0.1:4000}."],
    ["ALLOWED_HOSTS: 'localhost,127.0.0.1'", "Write ALLOWED_HOSTS: ${MAYFLY_HOST:-localhost,127.0.0.1}."],
    ["HEALTH_URL: http://localhost:8080/up", null],
    ["OTHER: http://localhost:9999", null],
    ["API: http://api:4000", null],
    ["ALLOWED_HOSTS: '*'", null],
    ["APP_URL: '${MAYFLY_URL:-http://localhost:8080}'", null],
  ])("%s", (variable, line) => {
    const advice = notes(stack(variable));
    expect(advice.map((each) => each.split(" | ")[1])).toEqual(line === null ? [] : [line]);
  });
});

describe("a Postgres whose volume is above its data", () => {
  const shop = (image: string, target: string, environment = "{}") => `services:
  web: { build: web, ports: [80] }
  db:
    image: ${image}
    environment: ${environment}
    volumes: [ "pgdata:${target}" ]
volumes: { pgdata: }
`;
  const above = "/var/lib/postgresql";

  test("is told, with its line and where to mount it", () => {
    expect(notes(shop("postgres:17", above))).toEqual([
      "6:16 data-beside-volume services.db: postgres:17 keeps its data at /var/lib/postgresql/data, in a volume of its own, and not in pgdata: " +
        "it is lost when its container is made anew | Mount pgdata at /var/lib/postgresql/data.",
    ]);
  });

  test.each([
    ["postgis/postgis:16-3.4", above, "{}", true],
    ["pgvector/pgvector:pg17", `${above}/`, "{}", true],
    ["postgres:15-alpine", above, `{ PGDATA: ${above}/data/pgdata }`, true],
    ["postgres:18", above, "{}", false],
    ["postgres", above, "{}", false],
    ["postgres:17", above, `{ PGDATA: ${above}/pgdata }`, false],
    ["postgres:17", `${above}/data`, "{}", false],
    ["acme/postgres-exporter:1", above, "{}", false],
  ])("%s at %s with %s", (image, target, environment, isTold) => {
    expect(notes(shop(image, target, environment))).toHaveLength(isTold ? 1 : 0);
  });
});
