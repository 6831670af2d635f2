import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

// The house as data (docs/architecture.md carries the same table): what a room may import, and the packages that live only there.
const rooms: Record<string, { imports: string[]; packages: string[] }> = {
  domain: { imports: [], packages: [] },
  config: { imports: ["domain"], packages: ["yaml", "zod"] },
  intake: { imports: ["domain"], packages: ["@octokit/webhooks", "picomatch", "zod"] },
  secrets: { imports: ["domain", "config"], packages: ["node:child_process"] },
  store: { imports: ["domain"], packages: ["node:sqlite"] },
  source: { imports: ["domain"], packages: [] },
  render: { imports: ["domain", "config"], packages: ["yaml", "zod"] },
  plan: { imports: ["domain"], packages: [] },
  engine: { imports: ["domain", "plan"], packages: ["dockerode", "tar-stream", "@grpc/grpc-js"] },
  data: { imports: ["domain", "plan", "engine"], packages: ["dockerode"] },
  gateway: { imports: ["domain"], packages: ["node:http"] },
  reconcile: { imports: ["domain", "render", "plan"], packages: [] },
  feedback: {
    imports: ["domain"],
    packages: ["openid-client", "@octokit/auth-app", "@octokit/core", "@octokit/plugin-paginate-rest"],
  },
  telemetry: {
    imports: ["domain"],
    packages: [
      "prom-client",
      "@opentelemetry/api",
      "@opentelemetry/sdk-trace",
      "@opentelemetry/resources",
      "@opentelemetry/exporter-trace-otlp-http",
    ],
  },
  doctor: { imports: ["domain"], packages: ["tldts"] },
  api: { imports: ["domain", "intake"], packages: ["hono", "@hono/node-server", "node:http", "zod"] },
  cli: { imports: ["domain", "config", "app.ts", "app-doctor.ts"], packages: [] },
};
/** Types of the logger and node's own modules are welcome anywhere, except those that mark an edge. */
const anywhere = new Set(["pino"]);
const edgeModules = new Set(["node:http", "node:https", "node:http2", "node:sqlite", "node:net", "node:child_process"]);
const alsoAllowed: Record<string, string[]> = {
  // TCP readiness, the tunnel of an upgrade, and git are what these rooms are for.
  engine: ["node:net", "node:http"],
  gateway: ["node:net"],
  source: ["node:child_process"],
  // The host's own programs: git, iptables.
  doctor: ["node:child_process"],
  // `mayfly demo` starts the demo, which src never imports.
  cli: ["node:child_process"],
};
/** Rooms without side effects: no file, process or network module at all. */
const pure = new Set(["domain", "render", "plan"]);
const pureModules = new Set(["node:crypto", "node:path", "node:util"]);

type Import = { from: string; room: string; target: string };
const source = resolve(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const imports: Import[] = files.flatMap((file) => {
  const room = file.includes("/") ? (file.split("/")[0] ?? "") : file;
  const text = readFileSync(join(source, file), "utf8");
  return [...text.matchAll(/^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*"([^"]+)"|\bimport\("([^"]+)"\)/gm)].map(
    ([, fixed, dynamic]) => ({
      from: file,
      room,
      target: fixed ?? dynamic ?? "",
    }),
  );
});

describe("the house", () => {
  test("every folder is a room of the table, and every room has files", () => {
    const folders = new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]));
    expect([...folders].toSorted()).toEqual(Object.keys(rooms).toSorted());
    expect(files.length).toBeGreaterThan(60);
    expect(imports.length).toBeGreaterThan(200);
  });

  test("imports follow the flow: no room looks sideways or back", () => {
    const wrong = imports.filter(({ from, room, target }) => {
      if (!target.startsWith(".") || !(room in rooms)) return false;
      const path = relative(source, resolve(source, dirname(from), target));
      const other = path.includes("/") ? path.split("/")[0] : path;
      return path !== "../package.json" && other !== room && !rooms[room]?.imports.includes(other ?? "");
    });
    expect(wrong).toEqual([]);
  });

  test("a package lives only in its room", () => {
    const wrong = imports.filter(({ room, target }) => {
      if (target.startsWith(".") || !(room in rooms)) return false;
      const name = target.startsWith("@") ? target.split("/").slice(0, 2).join("/") : target.split("/")[0];
      const allowed = [...(rooms[room]?.packages ?? []), ...(alsoAllowed[room] ?? [])];
      if (target.startsWith("node:")) {
        return pure.has(room) ? !pureModules.has(target) : edgeModules.has(target) && !allowed.includes(target);
      }
      return !anywhere.has(target) && !allowed.includes(name ?? "");
    });
    expect(wrong).toEqual([]);
  });

  test("src never imports the demo or the tests", () => {
    expect(imports.filter(({ target }) => /\.\.\/(demo|test|bench)\//.test(target))).toEqual([]);
  });
});
