import { describe, expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import type { ServiceSpec } from "../../src/domain/service.ts";
import { render } from "./fixtures.ts";

const dockerfile = "FROM node:24\n";
const offer = { names: ["STRIPE_KEY", "DB_PASSWORD"], serverFile: "/etc/mayfly/server.yaml", repository: "acme/shop" };

type Change = Parameters<typeof render>[1];

function rendered(compose: string, manifest = "", change: Change = {}) {
  const files = {
    "compose.yaml": compose,
    Dockerfile: dockerfile,
    ".mayfly.yaml": `routes: { web: 80 }\n${manifest}`,
  };
  return render(files, { secrets: offer, ...change });
}

function services(...given: Parameters<typeof rendered>): Record<string, ServiceSpec> {
  const { stack, findings } = rendered(...given);
  if (stack === null) throw new Error(JSON.stringify(findings));
  return Object.fromEntries(stack.services.map((service) => [service.name, service]));
}

function failure(...given: Parameters<typeof rendered>): InputError {
  try {
    rendered(...given);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

const web = "services: { web: { build: . }, db: { image: postgres, volumes: [v:/d] } }\nvolumes: { v: }\n";

describe("the manifest asks for secrets by name", () => {
  test("each built service gets them as variables, others do not", () => {
    const { web: built, db } = services(web, "secrets: [STRIPE_KEY]");
    expect(built).toMatchObject({ environment: { STRIPE_KEY: "${secret:STRIPE_KEY}" }, secrets: ["STRIPE_KEY"] });
    expect(db).toMatchObject({ environment: {}, secrets: [], secretFiles: [] });
  });

  test.each([
    [
      "a value that uses it stays",
      "DATABASE_URL: 'postgres://app:${DB_PASSWORD}@db'",
      "DATABASE_URL",
      "postgres://app:${secret:DB_PASSWORD}@db",
    ],
    ["a default gives way to it", "DB_PASSWORD: '${DB_PASSWORD:-postgres}'", "DB_PASSWORD", "${secret:DB_PASSWORD}"],
    ["a fixed value gives way to it", "DB_PASSWORD: postgres", "DB_PASSWORD", "${secret:DB_PASSWORD}"],
    ["a required one is there", "X: '${DB_PASSWORD:?say it}'", "X", "${secret:DB_PASSWORD}"],
  ])("%s", (_what, entry, name, value) => {
    const { web: built } = services(
      `services: { web: { build: ., environment: { ${entry} } } }`,
      "secrets: [DB_PASSWORD]",
    );
    expect(built?.environment[name]).toBe(value);
    expect(built?.secrets).toEqual(["DB_PASSWORD"]);
  });

  test("a variable of the manifest, an env file and a bare name may use them", () => {
    const files = {
      "compose.yaml": "services: { web: { image: x, env_file: web.env, environment: [A, STRIPE_KEY] } }",
      "web.env": "B=b-${STRIPE_KEY}\n",
      ".mayfly.yaml": 'routes: { web: 80 }\nsecrets: [STRIPE_KEY]\nvariables: { A: "a-${STRIPE_KEY}" }\n',
    };
    const { stack } = render(files, { secrets: offer });
    expect(stack?.services[0]).toMatchObject({
      environment: { A: "a-${secret:STRIPE_KEY}", B: "b-${secret:STRIPE_KEY}", STRIPE_KEY: "${secret:STRIPE_KEY}" },
      secrets: ["STRIPE_KEY"],
    });
  });

  test("a map says who gets them, and whether as a file", () => {
    const manifest = "secrets: { DB_PASSWORD: { services: [db], file: /run/secrets/password }, STRIPE_KEY: }";
    const { web: built, db } = services(web, manifest);
    expect(built?.secrets).toEqual(["STRIPE_KEY"]);
    expect(db).toMatchObject({
      environment: {},
      secrets: ["DB_PASSWORD"],
      secretFiles: [{ secret: "DB_PASSWORD", file: "password", uid: 0, gid: 0, mode: 0o444 }],
    });
  });

  test("one that nobody gets is noted", () => {
    const { findings } = rendered("services: { web: { image: x } }", "secrets: [STRIPE_KEY]");
    expect(findings).toMatchObject([{ code: "secret-unused", action: "note", file: ".mayfly.yaml", line: 2 }]);
  });

  test.each([
    ["a command", "command: [run, --key, '${STRIPE_KEY}']", "services.web.command[2]"],
    ["a health check", "healthcheck: { test: 'curl -H ${STRIPE_KEY} web' }", "services.web.healthcheck.test[1]"],
    ["a build argument", "build: { context: ., args: { KEY: '${STRIPE_KEY}' } }", "services.web.build.args.KEY"],
    ["a label", "labels: { a: '${STRIPE_KEY}' }", "services.web.labels.a"],
  ])("in %s one is refused, since it would be stored or shown", (_what, entry, path) => {
    const { stack, findings } = rendered(`services: { web: { image: x, ${entry} } }`, "secrets: [STRIPE_KEY]");
    expect(stack).toBeNull();
    expect(findings.find(({ code }) => code === "secret-place")?.message).toContain(path);
  });

  test("an extension that a service takes in may use them", () => {
    const compose = "x-env: &env { KEY: '${STRIPE_KEY}' }\nservices: { web: { image: x, environment: *env } }";
    expect(services(compose, "secrets: [STRIPE_KEY]")["web"]?.environment).toEqual({ KEY: "${secret:STRIPE_KEY}" });
  });

  test("a mark that nobody asked for stays a text", () => {
    const { web: built } = services("services: { web: { image: x, environment: { A: '$${secret:OTHER}' } } }");
    expect(built).toMatchObject({ environment: { A: "${secret:OTHER}" }, secrets: [] });
  });

  test("all that the operator has not set are told, with the lines to write and where", () => {
    const error = failure(web, "secrets: [STRIPE_KEY, MAIL_KEY, A_KEY]");
    expect(error).toMatchObject({
      code: "secret-missing",
      message: "missing: A_KEY, MAIL_KEY",
      place: { file: ".mayfly.yaml", line: 2 },
    });
    expect(error.hint).toContain(
      "/etc/mayfly/server.yaml: repositories: { acme/shop: { secrets: { A_KEY: { file: PATH }, MAIL_KEY: { file: PATH } } } }",
    );
  });

  test.each([
    ["a name that is none", "secrets: [a-b]", /must be a name of letters/],
    ["a file elsewhere", "secrets: { STRIPE_KEY: { file: /etc/passwd } }", /must be a file in \/run\/secrets/],
    [
      "a path that leaves the folder",
      "secrets: { STRIPE_KEY: { file: /run/secrets/.. } }",
      /must be a file in \/run\/secrets/,
    ],
    ["an unknown key", "secrets: { STRIPE_KEY: { service: web } }", /Did you mean "services"/],
    ["a service that is not there", "secrets: { STRIPE_KEY: { services: [wob] } }", /there is no service wob/],
    [
      "two under one file name",
      "secrets: { STRIPE_KEY: { file: /run/secrets/k }, DB_PASSWORD: { file: /run/secrets/k } }",
      /two secrets as \/run\/secrets\/k/,
    ],
  ])("%s is refused", (_what, manifest, told) => {
    expect(failure(web, manifest).message).toMatch(told);
  });
});

describe("Compose's own secrets", () => {
  test.each([
    ["of the environment", "{ environment: DB_PASSWORD }", "DB_PASSWORD"],
    ["external, by another name", "{ external: true, name: STRIPE_KEY }", "STRIPE_KEY"],
  ])("%s are the operator's, as a file", (_what, declaration, name) => {
    const { web: built } = services(`services: { web: { build: ., secrets: [s] } }\nsecrets: { s: ${declaration} }`);
    expect(built).toMatchObject({
      environment: {},
      secrets: [name],
      secretFiles: [{ secret: name, file: "s", uid: 0, gid: 0, mode: 0o444 }],
    });
  });

  test("the long form says the file's name, owner and permissions", () => {
    const grant = '{ source: s, target: /run/secrets/key, uid: "103", gid: "104", mode: 0440 }';
    const { web: built } = services(
      `services: { web: { build: ., secrets: [${grant}] } }\nsecrets: { s: { environment: STRIPE_KEY } }`,
    );
    expect(built?.secretFiles).toEqual([{ secret: "STRIPE_KEY", file: "key", uid: 103, gid: 104, mode: 0o440 }]);
  });

  test("an override may turn a file into the operator's secret", () => {
    const files = {
      "compose.yaml": "services: { web: { image: x, secrets: [s] } }\nsecrets: { s: { file: ./s.txt } }",
      "compose.preview.yaml": "secrets: { s: { environment: STRIPE_KEY } }",
      ".mayfly.yaml": "compose: [compose.yaml, compose.preview.yaml]\nroutes: { web: 80 }",
    };
    const { stack, findings } = render(files, { secrets: offer });
    expect(stack?.services[0]?.secrets).toEqual(["STRIPE_KEY"]);
    expect(findings).toMatchObject([{ code: "secret-file", action: "rewrite" }]);
  });

  test.each([
    ["a name the operator cannot write", "{ external: true, name: db-password }", "[s]", "secret-name"],
    ["a target elsewhere", "{ environment: STRIPE_KEY }", "[{ source: s, target: /etc/key }]", "secret-target"],
    ["an owner by name", "{ environment: STRIPE_KEY }", "[{ source: s, uid: app }]", "invalid-value"],
    ["a driver", "{ environment: STRIPE_KEY, driver: x }", "[s]", "swarm-only"],
  ])("%s is refused", (_what, declaration, grants, code) => {
    const { stack, findings } = rendered(
      `services: { web: { build: ., secrets: ${grants} } }\nsecrets: { s: ${declaration} }`,
    );
    expect(stack).toBeNull();
    expect(findings.map((finding) => finding.code)).toContain(code);
  });

  test("one that is not declared, or set by nobody, is told", () => {
    expect(failure("services: { web: { build: ., secrets: [s] } }").message).toContain(
      "uses the secret s, which is not declared",
    );
    const compose = "services: { web: { build: ., secrets: [s] } }\nsecrets: { s: { environment: NONE } }";
    expect(failure(compose)).toMatchObject({ code: "secret-missing", message: "missing: NONE", place: { line: 2 } });
  });

  test("one whose file is kept out of git is the operator's of its name", () => {
    const declared = (name: string) => `secrets: { ${name}: { file: ./secrets/key.txt } }`;
    const { stack } = rendered(`services: { web: { build: ., secrets: [STRIPE_KEY] } }\n${declared("STRIPE_KEY")}`);
    expect(stack?.services[0]).toMatchObject({ secrets: ["STRIPE_KEY"], secretFiles: [{ file: "STRIPE_KEY" }] });
    const other = rendered(`services: { web: { build: ., secrets: [db-key] } }\n${declared("db-key")}`);
    expect(other.findings).toMatchObject([{ code: "file-missing", action: "refuse", line: 2 }]);
  });

  test("nothing else may be mounted where they are", () => {
    const compose =
      "services: { web: { build: ., tmpfs: /run/secrets, secrets: [s] } }\nsecrets: { s: { environment: STRIPE_KEY } }";
    expect(failure(compose).message).toContain("where its secrets are");
  });
});

describe("a build", () => {
  const builds = (...given: Parameters<typeof rendered>) => rendered(...given).stack?.builds;
  const declared = "secrets: { s: { environment: STRIPE_KEY } }";

  test.each([
    ["by the name of the stack", "[s]", "s"],
    ["by the id that the Dockerfile says", "[{ source: s, target: npm }]", "npm"],
  ])("is given Compose's secrets %s, and its service is not", (_what, grants, id) => {
    const compose = `services: { web: { build: { context: ., secrets: ${grants} } } }\n${declared}`;
    expect(builds(compose)).toMatchObject([{ name: "web", secrets: [{ id, secret: "STRIPE_KEY" }] }]);
    expect(services(compose)["web"]?.secrets).toEqual([]);
  });

  test("is given the manifest's by their id, and its service only what is said", () => {
    const compose = "services: { web: { build: . } }";
    const only = "secrets: { STRIPE_KEY: { build: npm } }";
    expect(builds(compose, only)).toMatchObject([{ secrets: [{ id: "npm", secret: "STRIPE_KEY" }] }]);
    expect(services(compose, only)["web"]?.secrets).toEqual([]);
    const both = "secrets: { STRIPE_KEY: { build: npm, services: [web] } }";
    expect(services(compose, both)["web"]?.environment).toEqual({ STRIPE_KEY: "${secret:STRIPE_KEY}" });
  });

  test("with other secrets is another build", () => {
    const build = (grants: string) => `{ build: { context: ., secrets: ${grants} } }`;
    const compose = `services: { web: ${build("[s]")}, b: ${build("[]")}, c: ${build("[]")} }\n${declared}`;
    expect(builds(compose)?.map(({ name }) => name)).toEqual(["web", "b"]);
  });

  test("may not name what is not declared, nor what nobody has set", () => {
    const compose = (name: string) => `services: { web: { build: { context: ., secrets: [${name}] } } }\n${declared}`;
    expect(failure(compose("t")).message).toContain("uses the secret t, which is not declared");
    expect(failure(compose("s"), "", { secrets: { ...offer, names: [] } })).toMatchObject({ code: "secret-missing" });
  });

  test("of a fork is given none", () => {
    const compose = `services: { web: { build: { context: ., secrets: [s] } } }\n${declared}`;
    expect(builds(compose, "", { preview: { ...forkOf(), trust: "fork" } })).toMatchObject([{ secrets: [] }]);
  });

  test("is not told whose a secret's file is: the Dockerfile says so", () => {
    const compose = `services: { web: { build: { context: ., secrets: [{ source: s, mode: 0400 }] } } }\n${declared}`;
    expect(rendered(compose).findings.map(({ code }) => code)).toEqual(["build-secret"]);
  });
});

test("a fork's commit gets none of them, and is told so", () => {
  const preview = { ...forkOf(), trust: "fork" as const };
  const compose =
    "services: { web: { build: ., environment: { A: 'a${STRIPE_KEY}' }, secrets: [s] } }\nsecrets: { s: { environment: DB_PASSWORD } }";
  const { stack, findings } = rendered(compose, "secrets: [STRIPE_KEY]", { preview });
  expect(stack?.services[0]).toMatchObject({ environment: { A: "a" }, secrets: [], secretFiles: [] });
  const withheld = findings.filter(({ code }) => code === "secret-withheld").map(({ message }) => message);
  expect(withheld).toEqual([
    "the secret STRIPE_KEY is not given to a fork",
    "the secret DB_PASSWORD is not given to a fork",
  ]);
});

function forkOf() {
  return {
    slug: "shop-pr-42",
    project: "shop-pr-42-ab12",
    key: "7-42",
    number: 42,
    repository: "acme/shop",
    branch: "checkout",
    commit: "abc1234def",
    registries: [],
    allow: [],
    generation: 3,
    dataEpoch: 0,
    domain: "preview.example.com",
    link: (host: string) => `https://${host}`,
  };
}

test.each([
  ["a service", "services: { web: { image: registry.internal/app } }", dockerfile],
  ["a Dockerfile", "services: { web: { build: . } }", "FROM registry.internal/base\n"],
])(
  "%s of a team may name a registry that the operator has an account for, one of a fork may not",
  (_what, compose, text) => {
    const files = { "compose.yaml": compose, Dockerfile: text, ".mayfly.yaml": "routes: { web: 80 }" };
    const preview = forkOf();
    const refused = (registries: string[], trust: "team" | "fork") =>
      render(files, { preview: { ...preview, registries, trust } }).findings.map(({ code }) => code);
    expect(refused(["registry.internal"], "team")).toEqual([]);
    expect(refused(["registry.internal"], "fork")).toEqual(["closed-registry"]);
    expect(refused([], "team")).toEqual(["private-registry"]);
  },
);
