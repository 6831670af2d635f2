import { describe, expect, test } from "vitest";
import type { StackSpec } from "../../src/domain/stack.ts";
import type { RenderOutput } from "../../src/render/render.ts";
import { type Files, preview, readerOf, render } from "./fixtures.ts";

const repository: Files = {
  Dockerfile: "FROM node:24\nEXPOSE 3000\n",
  "nginx/nginx.conf": "listen 80;",
  "site/index.html": "hello",
  "empty/.gitkeep": "",
  "db/init.sql": "select 1;",
  "keys/db.txt": "s3cret",
};

type World = { files?: Files; links?: Record<string, string> };

function rendered(compose: string, { files = repository, links = {} }: World = {}): RenderOutput {
  const all = { ...files, "compose.yaml": compose };
  return render(all, { reader: { ...readerOf(all), linkAt: (path) => links[path] ?? null } });
}

const web = (...volumes: string[]) =>
  `services:\n  web:\n    image: node:24\n    ports: ["3000:3000"]\n    volumes: [${volumes.join(", ")}]\n`;

function told({ findings }: RenderOutput): string[] {
  return findings.filter(({ code }) => code !== "port-published").map(({ action, code }) => `${action} ${code}`);
}

function mountsOf({ stack }: RenderOutput, service = "web"): StackSpec["services"][number]["mounts"] {
  return stack?.services.find(({ name }) => name === service)?.mounts ?? [];
}

const filled = ({ stack }: RenderOutput) =>
  stack?.files.map(({ path, from }) => [
    path,
    from.kind === "text" ? from.text : from.kind === "folder" ? null : from.path,
  ]);

describe("a path of the repository that a service binds", () => {
  test.each<[string, string, [string, boolean], string[]]>([
    [
      "a file that can only be read",
      "./nginx/nginx.conf:/etc/nginx.conf:ro",
      ["repository/nginx/nginx.conf", true],
      [],
    ],
    ["a file", "./nginx/nginx.conf:/etc/nginx.conf", ["repository/nginx/nginx.conf", false], []],
    ["a folder", "./site:/srv", ["repository/site", false], ["rewrite bind-copy"]],
    ["the whole repository", ".:/app", ["repository", false], ["rewrite bind-copy"]],
    ["a folder that is not there, read only", "./certs:/certs:ro", ["repository/certs", true], ["note bind-empty"]],
  ])("%s, is mounted from the files volume", (_what, volume, [path, readOnly], findings) => {
    const output = rendered(web(volume));
    expect(mountsOf(output)).toEqual([{ kind: "files", path, target: volume.split(":")[1], readOnly }]);
    expect(told(output)).toEqual(findings);
  });

  test.each([
    ["is not there", "./data:/data"],
    ["holds nothing but what keeps it in git", "./empty:/data"],
  ])("and that %s, holds data", (_what, volume) => {
    const output = rendered(web(volume));
    const name = volume.split(":")[0];
    expect(mountsOf(output)).toEqual([{ kind: "volume", volume: name, target: "/data", readOnly: false }]);
    expect(output.stack?.volumes).toEqual([{ name }]);
    expect(output.stack?.files).toEqual([]);
    expect(told(output)).toEqual(["rewrite bind-data"]);
  });

  test("is data of a database that is kept, also where a seed goes into it, and shared by who reads it", () => {
    const db = `  db: { image: "postgres:17", volumes: ["./pgdata:/var/lib/postgresql/data"] }\n`;
    const backup = `  backup: { build: ., volumes: ["./pgdata:/in:ro"] }\n`;
    const files = { ...repository, ".mayfly.yaml": "data: { db: { seed: [db/init.sql] } }\n" };
    const output = rendered(web() + db + backup, { files });
    expect(output.stack?.services.find(({ name }) => name === "db")?.kept).toBe(true);
    expect(output.stack?.seeds).toMatchObject([{ service: "db", volume: "./pgdata" }]);
    expect(mountsOf(output, "backup")).toEqual([{ kind: "volume", volume: "./pgdata", target: "/in", readOnly: true }]);
  });

  test("is filled once, with what lies in it", () => {
    const output = rendered(web("./site:/srv", "./site/index.html:/index.html", "./nginx:/etc/nginx:ro", ".:/app"));
    expect(filled(output)).toEqual([["repository", "."]]);
    expect(mountsOf(output).map((mount) => (mount.kind === "files" ? mount.path : ""))).toEqual([
      "repository/site",
      "repository/site/index.html",
      "repository/nginx",
      "repository",
    ]);
  });

  test("is found behind links that stay inside, and refused behind one that leads out", () => {
    const links = { current: "releases/2", "releases/2": "../site", out: "../../etc/passwd" };
    const output = rendered(web("./current:/srv:ro"), { links });
    expect(mountsOf(output)).toMatchObject([{ path: "repository/site" }]);
    const refused = rendered(web("./out:/etc/passwd"), { links });
    expect(told(refused)).toEqual(["refuse link-outside"]);
    expect(refused.stack).toBeNull();
  });

  test.each([
    [
      "./site:/srv:ro",
      "/srv/cache",
      [
        ["repository/site", "site"],
        ["repository/site/cache", null],
      ],
    ],
    [
      "./site:/srv:ro",
      "./nginx/nginx.conf:/srv/nginx.conf",
      [
        ["repository/nginx/nginx.conf", "nginx/nginx.conf"],
        ["repository/site", "site"],
        ["repository/site/nginx.conf", ""],
      ],
    ],
    [
      "./site:/srv:ro",
      "./nginx/nginx.conf:/srv/index.html",
      [
        ["repository/nginx/nginx.conf", "nginx/nginx.conf"],
        ["repository/site", "site"],
      ],
    ],
    ["./site:/srv", "/srv/cache", [["repository/site", "site"]]],
  ])("%s has a place for %s", (folder, other, expected) => {
    expect(filled(rendered(web(folder, other)))).toEqual(expected);
  });

  test("over all of the image is told", () => {
    expect(() => rendered(web("./site:/"))).toThrow("services.web mounts something at /, over all of its image");
  });

  test("twice in one place is told", () => {
    expect(() =>
      rendered(web("./site:/a") + "    configs: [{ source: a, target: /a }]\nconfigs: { a: { content: a } }\n"),
    ).toThrow("services.web mounts two things at /a");
  });
});

describe("a config", () => {
  const given = (grant: string, declaration: string, files: Files = repository) =>
    rendered(`${web()}    configs: [${grant}]\nconfigs:\n  app.conf: ${declaration}\n`, {
      files,
      links: { out: "/etc" },
    });

  test.each(["../app.conf", "/etc/../../app.conf", "/etc/"])("is not put at %s", (target) => {
    const output = given(`{ source: app.conf, target: ${target} }`, "{ content: x }");
    expect(told(output)).toEqual(["refuse config-target"]);
  });

  test.each<[string, [string, string], object, object]>([
    [
      "a text",
      ["app.conf", "{ content: hello }"],
      { target: "/app.conf" },
      { from: { kind: "text", text: "hello" }, uid: 0, gid: 0, mode: 0o444 },
    ],
    [
      "a text with a variable",
      ["app.conf", '{ content: "at ${MAYFLY_PR_NUMBER}" }'],
      { target: "/app.conf" },
      { from: { kind: "text", text: "at 42" } },
    ],
    [
      "a variable",
      ["app.conf", "{ environment: MAYFLY_HOST }"],
      {},
      { from: { kind: "text", text: "shop-pr-42.preview.example.com" } },
    ],
    [
      "a file",
      ["app.conf", "{ file: ./nginx/nginx.conf }"],
      { target: "/app.conf" },
      { from: { kind: "repository", path: "nginx/nginx.conf" }, uid: 0, mode: null },
    ],
    [
      "one at its place with its owner",
      ["{ source: app.conf, target: /etc/app.conf, uid: '33', gid: '34', mode: 0440 }", "{ content: x }"],
      { target: "/etc/app.conf" },
      { uid: 33, gid: 34, mode: 0o440 },
    ],
  ])("is %s", (_what, [grant, declaration], mount, file) => {
    const output = given(grant, declaration);
    expect(mountsOf(output)).toMatchObject([{ kind: "files", readOnly: true, ...mount }]);
    expect(output.stack?.files).toMatchObject([file]);
    expect(mountsOf(output)[0]).toMatchObject({ path: output.stack?.files[0]?.path });
  });

  test("is another one with another text, owner or mode", () => {
    const paths = ["{ content: a }", "{ content: b }"].map((each) => given("app.conf", each).stack?.files[0]?.path);
    const mode = given("{ source: app.conf, mode: 0400 }", "{ content: a }").stack?.files[0]?.path;
    expect(new Set([...paths, mode]).size).toBe(3);
  });

  test.each([
    ["a file that is not there", "{ file: ./gone.conf }", "file-missing"],
    ["a secret's value", "{ environment: STRIPE_KEY }", "secret-place"],
    ["a secret's value in its text", '{ content: "key ${STRIPE_KEY}" }', "secret-place"],
    ["somebody else's", "{ external: true }", "external-config"],
    ["behind a link that leads out", "{ file: ./out }", "link-outside"],
  ])("that is %s is refused", (_what, declaration, code) => {
    const output = given("app.conf", declaration, { ...repository, ".mayfly.yaml": "secrets: [STRIPE_KEY]\n" });
    expect(told(output)).toContain(`refuse ${code}`);
    expect(output.stack).toBeNull();
  });
});

describe("a secret that is a file of the repository", () => {
  const given = (grant: string) =>
    rendered(`${web()}    secrets: [${grant}]\nsecrets:\n  db: { file: ./keys/db.txt }\n`);

  test.each([
    ["db", "/run/secrets/db", { uid: 0, gid: 0, mode: null }],
    [
      "{ source: db, target: password, mode: 0400, uid: '999' }",
      "/run/secrets/password",
      { uid: 999, gid: 0, mode: 0o400 },
    ],
    ["{ source: db, target: /etc/password }", "/etc/password", {}],
  ])("as %s is at %s", (grant, target, file) => {
    const output = given(grant);
    expect(mountsOf(output)).toMatchObject([{ kind: "files", target, readOnly: true }]);
    expect(output.stack?.files).toMatchObject([{ from: { kind: "repository", path: "keys/db.txt" }, ...file }]);
    expect(output.stack?.services[0]).toMatchObject({ secrets: [], secretFiles: [] });
    expect(told(output)).toEqual([]);
  });

  test("is given to a fork as well: it is in what the fork has", () => {
    const compose = `${web()}    secrets: [db]\nsecrets:\n  db: { file: ./keys/db.txt }\n`;
    const output = render({ ...repository, "compose.yaml": compose }, { preview: { ...preview, trust: "fork" } });
    expect(mountsOf(output)).toHaveLength(1);
  });

  test("is no secret of a build", () => {
    const output = rendered(
      "services:\n  web:\n    build: { context: ., secrets: [db] }\n    ports: ['3000:3000']\nsecrets: { db: { file: ./keys/db.txt } }\n",
    );
    expect(told(output)).toEqual(["refuse build-secret"]);
  });
});
