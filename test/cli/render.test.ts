import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayfly } from "./spawned.ts";

describe("mayfly render", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mayfly-render-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (text: string) => writeFileSync(join(folder, "compose.yaml"), text);

  test("prints model, findings and stack of a directory, without a server", async () => {
    write('services:\n  web:\n    image: nginx\n    ports: ["8080:80"]\n');
    const { code, out } = await mayfly(["render", folder, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      model: { services: { web: { image: "nginx" } } },
      findings: [{ file: "compose.yaml", line: 4, action: "rewrite" }],
      stack: { services: [{ name: "web" }], routes: [{ service: "web", port: 80, main: true }] },
    });
  });

  test("tells a person what runs and is shown, in place of the whole model", async () => {
    write('services:\n  web:\n    build: .\n    ports: ["80:3000"]\n  db:\n    image: postgres:17\n');
    writeFileSync(join(folder, "Dockerfile"), "FROM node:24\n");
    const { code, out } = await mayfly(["render", folder]);
    expect([code, out]).toEqual([0, "It runs: web (built), db (postgres:17).\nShown: web on 3000.\n"]);
  });

  test("fails where the policy refuses, and still prints the model", async () => {
    write("services:\n  web:\n    image: nginx\n    privileged: true\n");
    const { out: json } = await mayfly(["render", "--json"], { cwd: folder });
    expect(JSON.parse(json)).toMatchObject({ model: { services: { web: { privileged: true } } }, stack: null });
    const { code, out, err } = await mayfly(["render"], { cwd: folder });
    expect([code, out]).toEqual([1, "It does not run: one thing is refused. Nothing starts until that is mended.\n"]);
    expect(err).toMatch(/^compose\.yaml:4:5 {2}refuse: services\.web\.privileged/m);
  });

  test("tells what is only done otherwise in a line for each kind, and what is refused last", async () => {
    const service = (name: string) =>
      `  ${name}:\n    image: nginx\n    container_name: my-${name}\n    ports: ["80:80", "81:81"]\n`;
    write(`services:\n${["a", "b", "c"].map(service).join("")}    pid: host\n`);
    const { code, err } = await mayfly(["render", folder]);
    expect([code, err.trimEnd().split("\n").slice(1)]).toEqual([
      1,
      [
        "compose.yaml:4:5  rewrite: container_name of 3 services: becomes a network alias",
        "compose.yaml:5:13  rewrite: ports of 3 services: not published on the host",
        expect.stringMatching(/^compose\.yaml:14:5 {2}refuse: services\.c\.pid \(host\): /),
        expect.stringContaining("`services: { c: drop }`"),
      ],
    ]);
  });

  test("tells place, problem and what now of a file that cannot be read", async () => {
    write("services:\n  web:\n    build: 7\n    image: nginx\n");
    const { code, out, err } = await mayfly(["render", folder]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^compose\.yaml:3:\d+ {2}.*build.*\n.+\n$/);
  });

  test("names the services there are where none can be shown", async () => {
    write("services:\n  shop:\n    image: nginx\n  db:\n    image: postgres:17\n");
    const { code, err } = await mayfly(["render", folder]);
    expect([code, err]).toEqual([1, expect.stringContaining("`routes: { shop: 3000 }`. There are: shop, db.")]);
  });

  test("names a directory that does not exist", async () => {
    const { code, err } = await mayfly(["render", join(folder, "nothing")]);
    expect([code, err]).toEqual([
      1,
      `there is no directory ${join(folder, "nothing")}\nName the folder of a checkout.\n`,
    ]);
  });
});
