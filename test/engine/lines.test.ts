import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cleanText } from "../../src/domain/clean-text.ts";
import { createBuildLog } from "../../src/engine/build-log.ts";
import { parseDockerignore } from "../../src/engine/dockerignore.ts";
import { cleanLine, createLineSplitter, createLogSplitter, lineLimit } from "../../src/engine/log-lines.ts";

function frame(stream: number, text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
}

describe("log streams", () => {
  test("stdout and stderr are told apart however the bytes are cut", () => {
    const bytes = Buffer.concat([frame(1, "one\ntw"), frame(2, "err ü\n"), frame(1, "o\nthree")]);
    for (let size = 1; size <= bytes.length; size++) {
      const lines: string[] = [];
      const splitter = createLogSplitter(true, (line) => lines.push(line));
      for (let at = 0; at < bytes.length; at += size) splitter.write(bytes.subarray(at, at + size));
      splitter.end();
      expect(lines).toEqual(["one", "err ü", "two", "three"]);
    }
  });

  test("a terminal's bytes have no frames", () => {
    const lines: string[] = [];
    const splitter = createLogSplitter(false, (line) => lines.push(line));
    splitter.write(Buffer.from("\u0001\u0000\u0000\u0000bare\nrest"));
    splitter.end();
    expect(lines.map(cleanLine)).toEqual(["bare", "rest"]);
  });

  test("a line without end is cut, and the next one is whole", () => {
    const lines: string[] = [];
    const splitter = createLineSplitter((line) => lines.push(line));
    for (let index = 0; index < 100; index++) splitter.write(Buffer.from("x".repeat(1000)));
    splitter.write(Buffer.from("\nnext\n"));
    expect(lines).toEqual([`${"x".repeat(lineLimit)}…`, "next"]);
  });

  test.each([
    ["colors", "\u001b[31mred\u001b[0m", "red"],
    ["links", "\u001b]8;;http://x\u0007text\u001b]8;;\u0007", "text"],
    ["a redrawn line", "10%\r50%\r100%\r", "100%"],
    ["control characters", "a\u0000b\u0008c\u007Fd\u0085e", "abcde"],
    ["turned text", "abc\u202Etxt.exe\u2066", "abctxt.exe"],
    ["tabs stay", "a\tb", "a\tb"],
    ["a title without end", "\u001b]0;a", "0;a"],
    ["a character set", "\u001b(Bplain", "plain"],
    ["one-byte sequences", "\u009b31mred", "red"],
  ])("%s are cleaned", (_name, line, clean) => {
    expect(cleanLine(line)).toBe(clean);
  });
});

test.each(["\u001b]", "\u001b]a", "\u001b]8;;", "\u001b[", "\u001b[1;", "\u009b", "\u001b(", "\r", "\u001bP\u001b]"])(
  "a megabyte of %j is cleaned, where a quadratic reader would run out of the test's time",
  (piece) => {
    const text = piece.repeat(1_000_000 / piece.length);
    expect(cleanLine(text)).not.toContain("\u001b");
    expect(cleanText(text)).not.toContain("\u001b");
  },
);

test("a step's name and error are cut, whatever the Dockerfile makes of them", () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-build-log-"));
  using log = createBuildLog(join(folder, "build.log"));
  const long = "x".repeat(100_000);
  const vertex = { digest: "d", name: long, error: long, cached: false, started: true, completed: true };
  log.add({ vertexes: [vertex], logs: [] });
  expect(log.failed()).toMatchObject({ name: "x".repeat(lineLimit), error: "x".repeat(lineLimit) });
  expect(Math.max(...log.lines().map((line) => line.length))).toBeLessThan(lineLimit + 100);
  rmSync(folder, { recursive: true });
});

test("of several steps that ended, the one that failed is told with its own lines, not those that were stopped for it", () => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-build-log-"));
  using log = createBuildLog(join(folder, "build.log"));
  const step = (digest: string, error: string) => {
    return { digest, name: `RUN ${digest}`, error, cached: false, started: true, completed: error !== "" };
  };
  log.add({
    vertexes: [step("assets", ""), step("server", "")],
    logs: [{ vertex: "server", text: Buffer.from("no such package\n") }],
  });
  log.add({
    vertexes: [],
    logs: Array.from({ length: 30 }, () => ({ vertex: "assets", text: Buffer.from("fetched\n") })),
  });
  log.add({ vertexes: [step("server", "exit code: 1"), step("assets", "exit code: 137: context canceled")], logs: [] });
  expect(log.failed()).toMatchObject({ name: "RUN server" });
  expect(log.tail()).toEqual(["#2 RUN server", "#2 no such package", "#2 ERROR: exit code: 1"]);
  rmSync(folder, { recursive: true });
});

describe(".dockerignore", () => {
  test.each([
    ["node_modules", "node_modules", true],
    ["node_modules", "node_modules/a/b.js", true],
    ["node_modules", "app/node_modules", false],
    ["**/node_modules", "app/node_modules/x", true],
    ["**/node_modules", "node_modules", true],
    ["*.log", "a.log", true],
    ["*.log", "a/b.log", false],
    ["**/*.log", "a/b/c.log", true],
    ["a/**/z", "a/z", true],
    ["a/**/z", "a/b/c/z", true],
    ["a/**/z", "a/b/c/y", false],
    ["?.txt", "a.txt", true],
    ["?.txt", "ab.txt", false],
    ["[a-c].txt", "b.txt", true],
    ["[^a-c].txt", "b.txt", false],
    ["/dist/", "dist/x", true],
    ["./dist/../out", "out/x", true],
    ["# node_modules", "node_modules", false],
    ["*\n!README.md", "README.md", false],
    ["*\n!README.md", "src/x", true],
    ["docs\n!docs/keep", "docs/keep/a.md", false],
    ["docs\n!docs/keep", "docs/other", true],
    ["!a\na", "a", true],
    ["\\*.txt", "*.txt", true],
    ["\\*.txt", "a.txt", false],
    ["", "a", false],
    ["a\r\nb\r", "b", true],
  ])("%j and %s: ignored is %s", (text, path, ignored) => {
    expect(parseDockerignore(text, ".dockerignore").ignores(path)).toBe(ignored);
  });

  test.each([
    ["stars", (index: number) => `${"*a".repeat(200)}b${index}`],
    ["stars anywhere", (index: number) => `**/${"*a".repeat(200)}b${index}`],
    ["many folders", (index: number) => `${"**/a/".repeat(100)}b${index}`],
    ["a long way back", (index: number) => `**/*${"a".repeat(124)}b${index}`],
    ["sets", (index: number) => `**/*[${"a".repeat(400)}]b${index}`],
  ])("patterns made to be slow are not: %s", (_name, pattern) => {
    const count = Math.floor(16_000 / pattern(1000).length);
    const text = Array.from({ length: count }, (_, index) => pattern(index)).join("\n");
    const ignore = parseDockerignore(text, ".dockerignore");
    const folder = `${"a".repeat(250)}/`.repeat(15);
    ignore.ignores(`${folder}first`);
    expect(ignore.ignores(`${folder}${"a".repeat(250)}`)).toBe(false);
  });

  test("what is known of a folder is not used for another", () => {
    const ignore = parseDockerignore("a/**/x\nb/y\n!a/keep/x", ".dockerignore");
    expect(["a/1/x", "b/1/x", "a/keep/x", "b/y", "a/y", "a/x/deep", "x"].map(ignore.ignores)).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  test.each([
    ["more patterns", "a\n".repeat(1001), /more than 1000 patterns/],
    ["more text of patterns", `${"a".repeat(500)}\n`.repeat(33), /more than 16 KiB together/],
    ["longer patterns", `# ${"#".repeat(600)}\n${"a".repeat(513)}`, /more than 512 characters in line 2/],
  ])("%s than anyone writes are refused", (_name, text, message) => {
    expect(() => parseDockerignore(text, ".dockerignore")).toThrow(message);
  });
});
