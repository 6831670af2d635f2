import { describe, expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { type Files, readModel, render } from "./fixtures.ts";

const failure = (files: Files): InputError => {
  try {
    readModel(files);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

const placeOf = ({ place }: InputError) => `${place?.file}:${place?.line}:${place?.column}`;

describe("a finding points to the line that said it", () => {
  const lines = (files: Files) =>
    render(files)
      .findings.filter(({ action }) => action === "refuse")
      .map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);

  test.each<[string, Files, string]>([
    [
      "in a file that is merged over another",
      {
        ".mayfly.yaml": "compose: [a.yaml, b.yaml]",
        "a.yaml": "services:\n  web:\n    image: x\n    ports: ['80:80']\n",
        "b.yaml": "services:\n  web:\n    tty: true\n    privileged: true\n",
      },
      "b.yaml:4:5 privileged",
    ],
    [
      "in an included file",
      {
        "compose.yaml": "include: [db/compose.yaml]\nservices: { web: { image: x, ports: ['80:80'] } }",
        "db/compose.yaml": "services:\n  db:\n    image: y\n    privileged: true\n",
      },
      "db/compose.yaml:4:5 privileged",
    ],
    [
      "in a service that is extended, of a file that is extended",
      {
        "compose.yaml": "services: { web: { ports: ['80:80'], extends: { file: one.yaml, service: one } } }",
        "one.yaml": "services: { one: { extends: { file: two/two.yaml, service: two } } }",
        "two/two.yaml": "services:\n  two:\n    image: y\n\n    privileged: true\n",
      },
      "two/two.yaml:5:5 privileged",
    ],
    [
      "behind an anchor",
      { "compose.yaml": "x-a: &a\n  privileged: true\nservices:\n  web: { <<: *a, image: x, ports: ['80:80'] }\n" },
      "compose.yaml:2:3 privileged",
    ],
    [
      "of an item that is replaced",
      {
        ".mayfly.yaml": "compose: [a.yaml, b.yaml]",
        "a.yaml": "services: { web: { image: x, ports: ['80:80'], volumes: ['./a:/d'] } }",
        "b.yaml": "services:\n  web:\n    volumes: !override\n      - /var/run:/d\n",
      },
      "b.yaml:4:9 host-path",
    ],
  ])("%s", (_where, files, place) => {
    expect(lines(files)).toEqual([place]);
  });
});

describe("what cannot be read is told where it stands", () => {
  test.each<[string, Files, string, string]>([
    [
      "an included file that is not there",
      { "compose.yaml": "services: { web: { image: x } }\ninclude:\n  - nope.yaml\n" },
      "compose.yaml:3:5",
      "there is no Compose file nope.yaml",
    ],
    [
      "an extended file outside",
      { "compose.yaml": "services:\n  web:\n    extends: { file: ../x.yaml, service: a }\n" },
      "compose.yaml:3:22",
      "../x.yaml leads outside the repository",
    ],
    [
      "an included file outside",
      { "compose.yaml": "include: [/etc/compose.yaml]\nservices: { web: { image: x } }" },
      "compose.yaml:1:11",
      "/etc/compose.yaml leads outside the repository",
    ],
    [
      "an inclusion's env file outside",
      {
        "compose.yaml": "include: [{ path: a.yaml, env_file: ../../.env }]",
        "a.yaml": "services: { a: { image: x } }",
      },
      "compose.yaml:1:37",
      "../../.env leads outside the repository",
    ],
    [
      "files that include each other",
      { "compose.yaml": "include: [a.yaml]", "a.yaml": "include: [compose.yaml]" },
      "a.yaml:1:11",
      "files include each other: compose.yaml, which includes a.yaml, which includes compose.yaml",
    ],
    [
      "services that extend each other",
      { "compose.yaml": "services:\n  a: { extends: b }\n  b: { extends: a }\n" },
      "compose.yaml:2:17",
      "services extend each other: a in compose.yaml, which extends b in compose.yaml, which extends a in compose.yaml",
    ],
    [
      "one thing that two files declare",
      {
        "compose.yaml": "include: [a.yaml]\nservices:\n  web: { image: x }\n",
        "a.yaml": "services: { web: { image: y } }",
      },
      "compose.yaml:3:3",
      "services.web is declared here and in the included a.yaml:1",
    ],
    [
      "a variable that an included file requires",
      { "compose.yaml": "include: [a.yaml]", "a.yaml": "services:\n  a:\n    image: ${TAG:?which one}\n" },
      "a.yaml:3:12",
      "the variable TAG is required: which one",
    ],
  ])("%s", (_what, files, place, message) => {
    const error = failure(files);
    expect([placeOf(error), error.message]).toEqual([place, message]);
  });
});

describe("the addresses of services", () => {
  test("reach into included files, and name the services there", () => {
    const { services } = readModel({
      ".mayfly.yaml": "routes: { web: 80 }",
      "compose.yaml": "include: [api.yaml]\nservices: { web: { image: x, environment: { API: $MAYFLY_URL_API } } }",
      "api.yaml": "services: { api: { image: x, environment: { WEB: $MAYFLY_URL_WEB } } }",
    }) as { services: Record<string, unknown> };
    expect(services).toMatchObject({
      web: { environment: { API: "https://shop-pr-42--api.preview.example.com" } },
      api: { environment: { WEB: "https://shop-pr-42.preview.example.com" } },
    });
  });
});

describe("services with profiles", () => {
  const files = (manifest: string): Files => ({
    ".mayfly.yaml": manifest,
    "compose.yaml": "services: { web: { image: x }, debug: { image: x, profiles: [debug] } }",
  });
  const started = (manifest: string) => Object.keys((readModel(files(manifest)) as { services: object }).services);

  test("are started where the manifest sets COMPOSE_PROFILES", () => {
    expect(started("routes: { web: 80 }")).toEqual(["web"]);
    expect(started("routes: { web: 80 }\nvariables: { COMPOSE_PROFILES: debug }")).toEqual(["web", "debug"]);
  });
});

describe("what the manifest says of services", () => {
  test("goes over included ones, too, and drops them with all that they ask for", () => {
    const model = readModel({
      ".mayfly.yaml": "routes: { web: 80 }\nservices: { proxy: drop, db: { image: other } }",
      "compose.yaml": "include: [more.yaml]\nservices: { web: { image: x, depends_on: [proxy, db] } }",
      "more.yaml": "services: { proxy: { image: '${NOPE:?no}' }, db: { image: y } }",
    });
    expect(model).toMatchObject({ services: { web: { depends_on: { db: {} } }, db: { image: "other" } } });
    expect(model).not.toHaveProperty("services.proxy");
    expect(model).not.toHaveProperty("services.web.depends_on.proxy");
  });
});

describe("files that multiply are refused", () => {
  const list = <T>(length: number, item: (index: number) => T) => Array.from({ length }, (_, index) => item(index));
  const big = (names: number) => `environment: { ${list(names, (i) => `A${i}: x`).join(", ")} }`;

  test.each<[string, Files, string]>([
    [
      "by including two that include two",
      {
        "compose.yaml": "include: [f0.yaml, g0.yaml]",
        ...Object.fromEntries(
          list(20, (i) => i).flatMap((i) =>
            ["f", "g"].map((name) => [`${name}${i}.yaml`, `include: [f${i + 1}.yaml, g${i + 1}.yaml]`]),
          ),
        ),
        "f20.yaml": "services: { a: { image: x } }",
        "g20.yaml": "services: { a: { image: x } }",
      },
      "files are included or extended more than 500 times",
    ],
    [
      "by a chain of inclusions",
      Object.fromEntries([
        ["compose.yaml", "include: [f0.yaml]"],
        ...list(40, (i) => i).map((i) => [`f${i}.yaml`, `include: [f${i + 1}.yaml]`]),
        ["f40.yaml", "services: {}"],
      ]) as Files,
      "files include each other more than 32 times over",
    ],
    [
      "by a chain of extensions",
      {
        "compose.yaml": `services: { ${list(100, (i) => `s${i}: { extends: s${i + 1} }`).join(", ")}, s100: { image: x } }`,
      },
      "services extend each other more than 64 times over",
    ],
    [
      "by extending something big often",
      {
        "compose.yaml": `services: { ${list(150, (i) => `s${i}: { extends: { file: b.yaml, service: b } }`).join(", ")} }`,
        "b.yaml": `services: { b: { image: x, ${big(4000)} } }`,
      },
      "the stack comes to more than 100000 values",
    ],
    [
      "by very many files",
      {
        "compose.yaml": `include: [${list(210, (i) => `f${i}.yaml`).join(", ")}]`,
        ...Object.fromEntries(list(210, (i) => `f${i}.yaml`).map((name) => [name, "services: {}"])),
      },
      "the stack has more than 200 Compose files",
    ],
    [
      "by big files",
      {
        "compose.yaml": "include: [a.yaml, b.yaml, c.yaml]",
        ...Object.fromEntries(
          ["a.yaml", "b.yaml", "c.yaml"].map((name) => [
            name,
            `services: {}\n${`# ${"x".repeat(60_000)}\n`.repeat(6)}`,
          ]),
        ),
      },
      "the Compose files come to more than 1 MiB",
    ],
  ])("%s", (_how, files, message) => {
    expect(failure(files)).toMatchObject({ message });
  });
});
