import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mayfly } from "./spawned.ts";

describe("mayfly init", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mayfly-init-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  const written = () => readFileSync(join(folder, ".mayfly.yaml"), "utf8");
  const shop = {
    "compose.yaml": `services:
  proxy: { image: traefik, volumes: ["/var/run/docker.sock:/var/run/docker.sock"] }
  web: { image: "x/web", ports: ["8080:80"], environment: { KEY: "$API_KEY", MAIL: "\${MAIL:?}" } }
  db: { image: "postgres:17", volumes: ["pgdata:/var/lib/postgresql/data"] }
volumes: { pgdata: }
`,
    "db/seed.sql": "",
  };

  test("writes a manifest that renders, and says what was found and what to do next", async () => {
    write(shop);
    const { code, out, err } = await mayfly(["init"], { cwd: folder });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(`.mayfly.yaml is written. What was found:

  stack           compose.yaml
  shown           web on 80
  kept data       db: volume pgdata, starts with db/seed.sql
  left out        proxy (compose.yaml:2:38)
  to give         MAIL (compose.yaml:3:84)
  empty           API_KEY (compose.yaml:3:66)
  done otherwise  1 thing, which render tells

Give MAIL a value under variables first.
Read it, then: \`mayfly render\` shows what it means, \`mayfly up\` runs it. Commit it to keep it.
`);
    const rendered = await mayfly(["render", "--json"], { cwd: folder });
    expect(rendered.code).toBe(0);
    expect(JSON.parse(rendered.out)).toMatchObject({
      stack: { routes: [{ service: "web", port: 80 }], seeds: [{ service: "db", parts: [{ path: "db/seed.sql" }] }] },
    });
  });

  test("writes over nothing unless told to", async () => {
    write({ ...shop, ".mayfly.yaml": "template: mine\n" });
    const refused = await mayfly(["init", folder]);
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toBe(
      `there is a ${folder}/.mayfly.yaml already\nLook at what would be written with --stdout, and write it with --force.\n`,
    );
    expect(written()).toBe("template: mine\n");
    expect((await mayfly(["init", folder, "--force"])).code).toBe(0);
    expect(written()).toContain("compose: compose.yaml\n");
  });

  test("only shows it with --stdout, what was found beside it", async () => {
    write({ "index.html": "" });
    const { code, out, err } = await mayfly(["init", folder, "--stdout", "--schema", "https://example.net/m.json"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^# yaml-language-server: \$schema=https:\/\/example\.net\/m\.json\n/);
    expect(out).toContain("template: static-site\n");
    expect(err).toContain("stack           the template static-site\n");
    expect(existsSync(join(folder, ".mayfly.yaml"))).toBe(false);
  });

  test("tells programs the same", async () => {
    write(shop);
    const { out } = await mayfly(["init", folder, "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      path: join(folder, ".mayfly.yaml"),
      written: true,
      text: written(),
      files: ["compose.yaml"],
      template: null,
      routes: [{ service: "web", port: 80 }],
      data: [{ service: "db", volume: "pgdata", seed: ["db/seed.sql"] }],
      dropped: [{ service: "proxy", finding: { line: 2 } }],
      required: [{ name: "MAIL" }],
      unset: [{ name: "API_KEY" }],
    });
  });

  test.each([
    ["nothing to run", { "README.md": "" }, "no template fits"],
    [
      "what its author has to mend",
      { "compose.yaml": "services: { web: { build: ., privileged: true } }", Dockerfile: "FROM x" },
      "privileged",
    ],
  ])("writes nothing for %s, and says why", async (_what, files, message) => {
    write(files);
    const { code, out, err } = await mayfly(["init", folder]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(message);
    expect(existsSync(join(folder, ".mayfly.yaml"))).toBe(false);
  });

  test("names a directory that does not exist, and an option that it does not have", async () => {
    expect(await mayfly(["init", join(folder, "nothing")])).toMatchObject({ code: 1, out: "" });
    const { code, err } = await mayfly(["init", folder, "--forse"]);
    expect([code, err]).toMatchObject([2, expect.stringContaining("--force")]);
  });
});
