import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveContained } from "../../src/source/contained-path.ts";
import { readTextInside } from "../../src/source/text-file.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-contained-"));
const root = join(folder, "root");

beforeAll(() => {
  mkdirSync(join(root, "web", "src"), { recursive: true });
  writeFileSync(join(root, "web", "Dockerfile"), "FROM scratch\n");
  writeFileSync(join(root, "..%2fsecret"), "inside\n");
  writeFileSync(join(root, "..\\secret"), "inside\n");
  writeFileSync(join(root, "...dots"), "inside\n");
  writeFileSync(join(folder, "secret"), "outside\n");
  writeFileSync(join(folder, "root-beside"), "outside\n");
  symlinkSync("/etc/passwd", join(root, "passwd"));
  symlinkSync("/etc", join(root, "etc"));
  symlinkSync("web", join(root, "inner"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync("nowhere", join(root, "dangling"));
  execFileSync("mkfifo", [join(root, "fifo")]);
  execFileSync("mknod", [join(root, "zero"), "c", "1", "5"]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["web/Dockerfile", "file", "web/Dockerfile"],
  ["./web//Dockerfile", "file", "web/Dockerfile"],
  ["web/src/../Dockerfile", "file", "web/Dockerfile"],
  ["web", "directory", "web"],
  ["web/", "directory", "web"],
  [".", "directory", ""],
  ["", "directory", ""],
  ["./", "directory", ""],
  ["gone", "none", "gone"],
  ["gone/below", "none", "gone"],
  ["web/Dockerfile/below", "none", "web/Dockerfile"],
  ["..%2fsecret", "file", "..%2fsecret"],
  ["..\\secret", "file", "..\\secret"],
  ["...dots", "file", "...dots"],
  ["a".repeat(255), "none", "a".repeat(255)],
  [`${"d/".repeat(2000)}x`, "none", "d"],
  ["passwd", "other", "passwd"],
  ["etc/passwd", "other", "etc"],
  ["inner/Dockerfile", "other", "inner"],
  ["loop", "other", "loop"],
  ["loop/x", "other", "loop"],
  ["dangling", "other", "dangling"],
  ["fifo", "other", "fifo"],
  ["zero", "other", "zero"],
])("%s is %s", (path, kind, at) => {
  expect(resolveContained(root, path)).toEqual({ kind, path: join(root, at) });
});

test.each([
  "..",
  "../secret",
  "web/../../secret",
  "../root-beside",
  "/etc/passwd",
  "//etc/passwd",
  "web\0",
  "./../root/web",
])("%j is refused", (path) => {
  expect(() => resolveContained(root, path)).toThrow(expect.objectContaining({ code: "path-outside" }));
});

test.each([
  ["a name over 255 characters", `web/${"a".repeat(256)}/Dockerfile`],
  ["a path over 4096 characters", `${"a/".repeat(2048)}b`],
])("%s is refused", (_name, path) => {
  expect(() => resolveContained(root, path)).toThrow(expect.objectContaining({ code: "path-outside" }));
});

test.each(["passwd", "etc/passwd", "inner/Dockerfile", "loop", "fifo", "zero"])("%s is not read", (path) => {
  expect(() => readTextInside(root, path)).toThrow(expect.objectContaining({ code: "path-outside" }));
});

test.each(["web", "gone", "web/Dockerfile/below"])("%s has no text", (path) => {
  expect(readTextInside(root, path)).toBeNull();
});
