import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { commandHelp } from "../../src/cli/help.ts";
import type { Failure } from "../../src/domain/errors.ts";
import { newest, view } from "../api/examples.ts";
import { type InMemory, inMemoryWorld, serveApi, token } from "../api/in-memory-world.ts";
import { changingVerbs } from "../../src/domain/verbs.ts";
import { eventually } from "../support/eventually.ts";
import { mayfly } from "./spawned.ts";

const hostile =
  "\u001b]0;owned\u0007\u001b[2J\u202e a title \n that is 数 very long 数数数数数数 and 🐝 goes on and on and on for ever and ever";

describe("mayfly ls", () => {
  test("is a table of 80 columns with both facts, the last visit and the end, whatever the names are", async () => {
    const views = [
      view({ newest: newest({ generation: 8, phase: "failed" }), pinned: true, lastVisitAt: Date.now() - 180_000 }),
      view({
        slug: `${"a-long-name-".repeat(5)}1`,
        phase: "building",
        serving: null,
        newest: null,
        expiresAt: Date.now() + 72 * 3_600_000,
      }),
    ];
    const { code, out, err } = await asked(inMemoryWorld({ views }), ["ls"]);
    const [header = "", first = "", second = ""] = out.split("\n");
    expect([code, err]).toEqual([0, ""]);
    expect(header).toMatch(/^PREVIEW +STATE +COMMIT +AGE +LAST VISIT +EXPIRES$/);
    expect(first).toMatch(/^shop-pr-42 +ready, newest failed +abc1234 +2 days +3 min ago +pinned$/);
    expect(second).toMatch(/^a-long-name-[a-z-]*… +building +- +2 days +- +3 days$/);
    expect(first.indexOf("ready")).toBe(header.indexOf("STATE"));
    expect(second.indexOf("building")).toBe(header.indexOf("STATE"));
    for (const line of [header, first, second]) expect(terminalWidth(line)).toBeLessThanOrEqual(80);
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  test("tells titles too where a line has room for them, and nothing in them is more than text", async () => {
    const world = inMemoryWorld({ views: [view({ title: hostile }), view({ title: "x".repeat(300) })] });
    const { out } = await asked(world, ["ls"], "120");
    const [header = "", ...lines] = out.trimEnd().split("\n");
    expect(header).toMatch(/EXPIRES +TITLE$/);
    expect(lines).toEqual([expect.stringMatching(/a title that is 数 very/), expect.stringMatching(/ x+…$/)]);
    for (const line of lines) expect(terminalWidth(line)).toBeLessThanOrEqual(120);
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  test("--json is an array of what the API says", async () => {
    const world = inMemoryWorld();
    const { code, out } = await asked(world, ["ls", "--json"]);
    expect([code, JSON.parse(out)]).toEqual([0, JSON.parse(JSON.stringify(world.views))]);
  });

  test("says what to do when there are none, and beside it what the machine is short of", async () => {
    const server = () => ({ disk: null, memory: null, notices: ["The disk is short."] });
    const { code, out, err } = await asked(inMemoryWorld({ views: [], server }), ["ls"]);
    expect([code, out, err]).toEqual([0, "No previews yet: open a pull request.\n", "The disk is short.\n"]);
  });
});

describe("mayfly show", () => {
  const failure: Failure = {
    code: "service-exited",
    what: "api exited with code 1",
    where: "compose.yaml:14:5",
    now: "The database is at db:5432.",
    service: "api",
    logTail: ["ECONNREFUSED"],
    findings: [],
    retry: "never",
  };

  test("tells link, what serves, the newest attempt and its failure", async () => {
    const world = inMemoryWorld({
      views: [view({ newest: newest({ commit: "def5678aaa", generation: 8, phase: "failed", seconds: 8, failure }) })],
    });
    const { code, out } = await asked(world, ["show", "acme/shop#42"]);
    expect(code).toBe(0);
    expect(out.split("\n")).toEqual([
      "http://shop-pr-42.preview.localhost:8080",
      "  pull    acme/shop#42 Add a cart, by anna (cart)",
      "  state   ready",
      expect.stringMatching(/^ {2}serves {2}abc1234, ready for 3 min, in 11 s$/),
      "  newest  def5678 failed after 8.0 s: a push",
      "",
      "compose.yaml:14:5  api exited with code 1",
      "  ECONNREFUSED",
      "The database is at db:5432.",
      "",
    ]);
  });

  test("tells each fact once: what serves is not the newest attempt again, and a turn is no phase", async () => {
    const lines = async (changes: Parameters<typeof view>[0]) =>
      (await asked(inMemoryWorld({ views: [view(changes)] }), ["show", "shop-pr-42"])).out.split("\n").slice(2);
    expect((await lines({ pinned: true })).join("\n")).not.toContain("newest");
    const told = (await lines({ pinned: true, allowed: ["cap_add:SYS_PTRACE"] })).join("\n");
    expect(told).toMatch(/^ {2}allowed {2}cap_add:SYS_PTRACE, by the operator\n {2}expires {2}when .* it is pinned$/m);
    const queue = { place: 1, of: 2, up: 3, max: 3, limit: "server" as const };
    const waits = await lines({
      phase: "pending",
      queue,
      reason: "1st in the queue of 2",
      serving: null,
      newest: null,
    });
    expect(waits).toEqual(["  state  waiting: 1st in the queue of 2", ""]);
  });

  test("--json is the preview", async () => {
    const { out } = await asked(inMemoryWorld(), ["show", "shop-pr-42", "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      slug: "shop-pr-42",
      serving: { generation: 7 },
      newest: { phase: "ready" },
    });
  });

  test("tells everything that the files are refused for, and why it failed once", async () => {
    const at = (line: number, message: string): Failure["findings"][number] => {
      return { file: "compose.yaml", line, column: 5, action: "refuse", code: "x", message, hint: "" };
    };
    const what = "compose.yaml:3:5 a mount (and 1 more)";
    const refused: Failure = { ...failure, code: "policy-refused", what, where: null, logTail: [] };
    const findings = [{ ...at(2, "a port"), action: "rewrite" as const }, at(3, "a mount"), at(9, "another mount")];
    const attempt = newest({ phase: "failed", failure: { ...refused, findings } });
    const world = inMemoryWorld({ views: [view({ phase: "failed", reason: what, serving: null, newest: attempt })] });
    const { out } = await asked(world, ["show", "shop-pr-42"]);
    expect(out).toMatch(/^ {2}state +failed$/m);
    expect(out.split("\n").slice(-5)).toEqual(["", what, "compose.yaml:9:5  another mount", failure.now, ""]);
  });

  test("of an unknown preview says what and what now, and fails", async () => {
    expect(await asked(inMemoryWorld(), ["show", "shop-pr-9"])).toEqual({
      code: 1,
      out: "",
      err: 'there is no preview "shop-pr-9"\n`mayfly ls` shows the previews there are.\n',
    });
  });
});

describe("the other commands", () => {
  test("plan prints text, and with --json its steps", async () => {
    const world = inMemoryWorld();
    expect(await asked(world, ["plan", "shop-pr-42"])).toMatchObject({ code: 0, out: "create  web  image changed\n" });
    const { out } = await asked(world, ["plan", "shop-pr-42", "--json"]);
    expect(JSON.parse(out)).toEqual([{ step: "create", resource: "web", cause: "image changed", after: [] }]);
  });

  test.each([
    [["logs", "shop-pr-42"], "web | listening on 3000\ndb | ready to accept connections\n"],
    [["logs", "shop-pr-42", "db"], "ready to accept connections\n"],
    [["logs", "shop-pr-42", "--tail", "1"], "db | ready to accept connections\n"],
    [["logs", "shop-pr-42", "--tail=1", "--json"], '{"service":"db","line":"ready to accept connections","at":2000}\n'],
    [["logs", "shop-pr-42", "--build"], "web | #1 FROM node:24\n"],
    [["--json", "logs", "shop-pr-42", "--build", "-f"], '{"service":"web","line":"#1 FROM node:24"}\n'],
  ])("%j prints lines", async (args, out) => {
    expect(await asked(inMemoryWorld(), args)).toEqual({ code: 0, out, err: "" });
  });

  test("logs of a service that there is not says so", async () => {
    const err = "There is no such service, or it has written nothing.\n";
    expect(await asked(inMemoryWorld(), ["logs", "shop-pr-42", "nope"])).toEqual({ code: 0, out: "", err });
  });

  test("logs -f prints lines as they come until Ctrl-C, which is no failure", async () => {
    const world = inMemoryWorld();
    await using server = await serveApi(world);
    const environment = { PATH: process.env["PATH"] ?? "", MAYFLY_SERVER: server.url, MAYFLY_API_TOKEN: token };
    const child = spawn(process.execPath, ["src/main.ts", "logs", "shop-pr-42", "web", "-f"], { env: environment });
    let out = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    await eventually(() => out.includes("listening on 3000\nline 1\nline 2\n"));
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(0);
    await eventually(() => world.followers === 0);
  });

  test.each(changingVerbs)("%s asks for it", async (verb) => {
    const world = inMemoryWorld();
    expect(await asked(world, [verb, "shop-pr-42"])).toMatchObject({ code: 0, out: `${verb} of 7-42\n` });
    expect(world.acts).toEqual([{ key: "7-42", verb, by: "the operator (cli)" }]);
  });

  test("allow names the commit", async () => {
    const { code, out } = await asked(inMemoryWorld(), ["allow", "shop-pr-42", "def5678"]);
    expect([code, out]).toEqual([0, "def5678 of 7-42, by first\n"]);
    expect((await asked(inMemoryWorld(), ["allow", "shop-pr-42"])).err).toContain("allow needs SHA");
  });

  test("share prints the link alone, and when it ends beside it", async () => {
    const { code, out } = await asked(inMemoryWorld(), ["share", "shop-pr-42", "2h"]);
    expect([code, out]).toEqual([0, "http://7-42.test/.mayfly/open/2h\n"]);
    const json = await asked(inMemoryWorld(), ["share", "shop-pr-42", "--json"]);
    expect(JSON.parse(json.out)).toEqual({ link: "http://7-42.test/.mayfly/open/7d", until: 1_000 });
    const off = await asked(inMemoryWorld({ share: () => ({ link: null, until: null }) }), [
      "share",
      "shop-pr-42",
      "off",
    ]);
    expect(off.out).toMatch(/has ended/);
  });

  test("--version is the package's", async () => {
    expect((await mayfly(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

const destroyUsage = "destroy needs either ID or --all\nUsage: mayfly destroy ID, or mayfly destroy --all [--caches]\n";

describe("what is not understood", () => {
  test.each([
    [["lss"], 'there is no command "lss"\nDid you mean `mayfly ls`?\n'],
    [["redploy", "x"], 'there is no command "redploy"\nDid you mean `mayfly redeploy`?\n'],
    [["toString"], 'there is no command "toString"\nSee `mayfly --help`.\n'],
    [["destroy"], destroyUsage],
    [["destroy", "x", "--all"], destroyUsage],
    [["show"], "show needs ID\nUsage: mayfly show ID\n"],
    [["ls", "more"], 'ls does not know what "more" is\nUsage: mayfly ls\n'],
    [["ls", "--sever", "x"], "Unknown option '--sever'\nDid you mean --server? Usage: mayfly ls\n"],
    [["logs", "x", "--tail", "many"], '--tail must be a number, not "many"\nSee `mayfly logs --help`.\n'],
    [
      ["audit", "--since", "week"],
      '--since must be a span such as 7d or 12h, not "week"\nSee `mayfly audit --help`.\n',
    ],
    [["audit", "--limit", "0"], '--limit must be a number up to 10000, not "0"\nSee `mayfly audit --help`.\n'],
    [["ls", "--server", "nonsense"], '"nonsense" is no server\nName it as in --server http://127.0.0.1:8080.\n'],
  ])("%j exits 2 and says what was meant", async (args, err) => {
    expect(await mayfly(args)).toEqual({ code: 2, out: "", err });
  });

  test.each([["--help"], ["help"], []])("help fits 80 columns: %s", async (...args) => {
    const { code, out } = await mayfly(args);
    expect(code).toBe(0);
    for (const name of [
      "serve",
      "ls",
      "show ID",
      "plan ID",
      "render [DIR]",
      "logs ID [SERVICE]",
      "redeploy ID",
      "destroy [ID]",
    ])
      expect(out).toContain(name);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test.each(Object.entries(commands))("help of %s says what each option is for, in 80 columns", (name, command) => {
    const out = commandHelp(name, command);
    const options = out.split("\n").filter((line) => /^ {2}-/.test(line));
    expect(options).toHaveLength(Object.keys(command.options).length);
    for (const line of options) expect(line).toMatch(/^ {2}(-\w, )?--\w+( [A-Z]+)? {2,}\S/);
    expect(out).not.toContain("TEXT");
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test.each([
    ["logs", "--help"],
    ["help", "logs"],
  ])("help of one command: %s %s", async (...args) => {
    const { code, out } = await mayfly(args);
    expect(code).toBe(0);
    expect(out).toContain("-f, --follow");
  });
});

describe("finding the server", () => {
  test("tells when none answers", async () => {
    const { code, err } = await mayfly(["ls", "--server", "http://127.0.0.1:9"]);
    expect([code, err]).toEqual([
      1,
      "no Mayfly server answers at http://127.0.0.1:9\nStart one with `mayfly serve`, or name it with --server.\n",
    ]);
  });

  test("is not asked where there is nothing to send it", async () => {
    const { code, err } = await mayfly(["up", "/nowhere"]);
    expect([code, err]).toEqual([
      1,
      "there is no directory /nowhere\nName the folder of a git repository, or a folder in one.\n",
    ]);
  });

  test("tells when something else answers", async () => {
    const other = createServer((_, res) => res.end("<h1>hello</h1>")).listen(0, "127.0.0.1");
    await eventually(() => other.listening);
    const { code, err } = await mayfly(["ls", "--server", `http://127.0.0.1:${(other.address() as AddressInfo).port}`]);
    other.close();
    expect(code).toBe(1);
    expect(err).toContain("is no Mayfly server");
  });

  test("asks the one whose server file is here, where none is named", async () => {
    await using server = await serveApi(inMemoryWorld());
    const folder = mkdtempSync(join(tmpdir(), "mayfly-cli-"));
    writeFileSync(
      join(folder, "server.yaml"),
      `listen: 0.0.0.0:${new URL(server.url).port}\nstate: .\ngithub: { token: { env: NOT_HERE } }\n`,
    );
    writeFileSync(join(folder, "api-token"), `${token}\n`);
    const { code, out } = await mayfly(["ls"], { cwd: folder });
    rmSync(folder, { recursive: true });
    expect(code).toBe(0);
    expect(out).toContain("shop-pr-42");
  });

  test("without a token says how to sign in", async () => {
    await using server = await serveApi(inMemoryWorld());
    const { code, err } = await mayfly(["ls"], { environment: { MAYFLY_SERVER: server.url }, cwd: tmpdir() });
    expect([code, err]).toEqual([
      1,
      `${server.url} wants a token\nSet MAYFLY_API_TOKEN. On the server's own machine, run this in the folder of its server.yaml, as its user.\n`,
    ]);
  });

  test("on the server's own machine takes the token from its state folder", async () => {
    await using server = await serveApi(inMemoryWorld());
    const folder = mkdtempSync(join(tmpdir(), "mayfly-cli-"));
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "server.yaml"), "state: ./data\n");
    writeFileSync(join(folder, "data", "api-token"), `${token}\n`);
    const { code, out } = await mayfly(["ls", "--server", server.url], { cwd: folder });
    rmSync(folder, { recursive: true });
    expect(code).toBe(0);
    expect(out).toContain("shop-pr-42");
  });
});

async function asked(world: InMemory, args: string[], columns = "80") {
  await using server = await serveApi(world);
  const environment = { MAYFLY_SERVER: server.url, MAYFLY_API_TOKEN: token, COLUMNS: columns };
  return await mayfly(args, { environment });
}

/** Columns as a terminal counts the letters used here: Chinese ones and the bee take two. */
function terminalWidth(line: string): number {
  const wide = line.match(/[数🐝]/gu) ?? [];
  return wide.length * 2 + line.replaceAll(/[数🐝]/gu, "").length;
}
