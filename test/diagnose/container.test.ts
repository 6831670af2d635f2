import { describe, expect, test } from "vitest";
import { explain } from "../../src/diagnose/explain.ts";
import { findSuspects } from "../../src/diagnose/suspects.ts";
import type { ContainerFacts, Listener } from "../../src/domain/facts.ts";
import { caseOf, running } from "./cases.ts";

const on = (...listeners: string[]): Listener[] =>
  listeners.map((each) => {
    const [address = "", port] = each.split(" ");
    return { address, port: Number(port) };
  });

describe("the kernel's own table tells", () => {
  test.each<[string, Listener[], string | null]>([
    ["loopback", on("127.0.0.1 3000"), "`web` listens on 127.0.0.1:3000, not on 0.0.0.0:3000"],
    ["loopback of IPv6", on("[::1] 3000"), "`web` listens on [::1]:3000, not on 0.0.0.0:3000"],
    [
      "loopback, beside a debugger",
      on("127.0.0.1 9229", "127.0.0.1 3000"),
      "`web` listens on 127.0.0.1:3000, not on 0.0.0.0:3000",
    ],
    ["another port", on("0.0.0.0 8080"), "`web` listens on port 8080, not on 3000"],
    ["another port, on loopback", on("127.0.0.1 8080"), "`web` listens on 127.0.0.1:8080, not on 3000 and on 0.0.0.0"],
    ["nothing", [], null],
    ["only a debugger", on("127.0.0.1 9229"), null],
    ["only its measurements", on("0.0.0.0 9090"), null],
    ["several others, of which nobody knows which", on("0.0.0.0 8080", "0.0.0.0 8081"), null],
    ["what it should", on("0.0.0.0 3000"), null],
    ["what it should, and loopback too", on("127.0.0.1 3000", "10.213.0.2 3000"), null],
    ["a port of the moment", on("0.0.0.0 45123"), null],
  ])("%s", (_case, listeners, what) => {
    const [first] = findSuspects(
      caseOf({ failure: { code: "service-not-ready" }, container: { ...running, listeners } }),
    );
    expect(first?.what ?? null).toBe(what);
  });

  test("and the route to change is named with its place", () => {
    const about = caseOf({
      failure: {
        code: "service-not-ready",
        what: "web did not become ready in 3 min: port 3000 does not accept connections",
      },
      container: { ...running, listeners: on("0.0.0.0 8080") },
    });
    expect(explain(about)).toMatchObject({
      what: "`web` listens on port 8080, not on 3000 (did not become ready in 3 min: port 3000 does not accept connections)",
      where: ".mayfly.yaml:2:3",
      now: "Route to it, `routes: { web: 8080 }` in .mayfly.yaml, or let it listen on 3000.",
      suspects: [{ id: "other-port" }],
    });
  });
});

describe("what the engine says of its program", () => {
  const script = (interpreter: string): ContainerFacts["entry"] => ({
    path: "/app/run.sh",
    isExecutable: true,
    form: { kind: "script", interpreter },
  });
  const refused = "runc create failed: unable to start container process: exec:";

  test.each<[string, Partial<ContainerFacts>, string, string]>([
    [
      "Windows line ends",
      { entry: script("/bin/sh\r"), lines: ["exec /app/run.sh: no such file or directory"] },
      "crlf",
      "/app/run.sh in `web` has Windows line ends (CRLF)",
    ],
    [
      "an image for another processor",
      { architecture: { image: "arm64", engine: "amd64" }, lines: ["exec /app/run.sh: exec format error"] },
      "wrong-architecture",
      "the image of `web` is for arm64, and this host is amd64",
    ],
    [
      "a program for another processor",
      {
        entry: { path: "/app/shop", isExecutable: true, form: { kind: "program", architecture: "arm64" } },
        lines: ["exec /app/shop: exec format error"],
      },
      "wrong-architecture",
      "/app/shop in `web` is for arm64, and this host is amd64",
    ],
    [
      "a script without a first line",
      {
        entry: { path: "/app/run.sh", isExecutable: true, form: { kind: "text" } },
        lines: ["exec /app/run.sh: exec format error"],
      },
      "no-interpreter",
      "/app/run.sh in `web` has no `#!` in its first line",
    ],
    [
      "an interpreter that is not there",
      { entry: script("/bin/bash"), lines: ["exec /app/run.sh: no such file or directory"] },
      "interpreter-missing",
      "/app/run.sh in `web` asks for /bin/bash, which its image does not have",
    ],
    [
      "a file that may not be run",
      {
        entry: { path: "/app/run.sh", isExecutable: false, form: { kind: "text" } },
        state: "created",
        startError: `${refused} "/app/run.sh": permission denied: unknown`,
      },
      "not-executable",
      "/app/run.sh in `web` is not executable",
    ],
    [
      "a program that is not there",
      { state: "created", startError: `${refused} "gunicorn": executable file not found in $PATH: unknown` },
      "program-missing",
      "`web` is to start `gunicorn`, which its image does not have",
    ],
    [
      "a file that is not there",
      { state: "created", startError: `${refused} "/app/shop": stat /app/shop: no such file or directory: unknown` },
      "program-missing",
      "`web` is to start `/app/shop`, which its image does not have",
    ],
  ])("%s", (_case, container, id, what) => {
    expect(findSuspects(caseOf({ container }))[0]).toMatchObject({ id, what });
  });

  test("killed for its memory, and not what it said before", () => {
    const container = { oomKilled: true, exitCode: 137, lines: ["Error: connect ECONNREFUSED 127.0.0.1:5432"] };
    const failure = { what: "web used more than its 256 MiB of memory and was killed after 3.0 s" };
    expect(explain(caseOf({ container, failure }))).toMatchObject({
      what: "`web` used more than its 256 MiB of memory and was killed after 3.0 s",
      suspects: [{ id: "out-of-memory" }],
    });
  });

  test("killed from outside is no cause", () => {
    expect(findSuspects(caseOf({ container: { exitCode: 137 } }))).toEqual([]);
  });

  test("a health check that the image cannot run", () => {
    const health = { command: "curl -f http://localhost:3000", exitCode: 127, said: "/bin/sh: 1: curl: not found" };
    expect(findSuspects(caseOf({ health, container: running, failure: { code: "service-not-ready" } }))).toMatchObject([
      { id: "health-program", what: "the health check of `web` runs `curl`, which its image does not have" },
    ]);
    const mariadb = { command: "mysqladmin ping", exitCode: 127, said: "/bin/sh: 1: mysqladmin: not found" };
    expect(findSuspects(caseOf({ health: mariadb, container: running }))[0]?.now).toContain("`mariadb-admin`");
    const failing = { ...health, exitCode: 22, said: "curl: (22) The requested URL returned error: 503" };
    expect(findSuspects(caseOf({ health: failing, container: running }))).toEqual([]);
  });
});

describe("what its page answers", () => {
  const host = "shop-pr-42.preview.example.com";
  const suspectOf = (status: number, body: string) =>
    findSuspects(caseOf({ failure: { code: "probe-failed" }, container: running, answer: { host, status, body } }))[0];

  test.each([
    [
      "Vite",
      403,
      `Blocked request. This host ("${host}") is not allowed.\nTo allow this host, add "${host}" to \`server.allowedHosts\` in vite.config.js.`,
    ],
    ["webpack-dev-server", 403, "Invalid Host header"],
    ["Rails", 403, `<header><h1>Blocked hosts: ${host}</h1></header>`],
    ["Rails", 403, `Blocked hosts: ${host}`],
    [
      "Django",
      400,
      `<title>DisallowedHost at /</title> Invalid HTTP_HOST header: '${host}'. You may need to add '${host}' to ALLOWED_HOSTS.`,
    ],
    [
      "Django",
      400,
      '<!doctype html><html lang="en"><head><title>Bad Request (400)</title></head><body><h1>Bad Request (400)</h1><p></p></body></html>',
    ],
    ["Starlette", 400, "Invalid host header"],
  ])("a refusal of our name by %s (%d)", (framework, status, body) => {
    expect(suspectOf(status, body)).toMatchObject({
      id: "host-refused",
      what: `${framework} in \`web\` refuses the host ${host}`,
      where: "compose.yaml:7:5",
    });
  });

  test.each([
    ["an error of its own", 500, "Internal Server Error"],
    ["a page about blocked hosts", 200, "<h1>Blocked hosts: a history</h1>"],
    ["a refusal of the visitor", 403, "Forbidden"],
    ["a bad request of another kind", 400, "missing parameter"],
  ])("and not %s", (_case, status, body) => {
    expect(suspectOf(status, body)).toBeUndefined();
  });
});
