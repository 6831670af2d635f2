import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";

const run = promisify(execFile);
let folder: string;
let calls: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-ready-"));
  calls = join(folder, "calls");
  for (const name of ["apt-get", "npm", "mmdebstrap", "dockerd"]) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@" >>${calls}\nexit 1\n`);
    chmodSync(join(folder, name), 0o755);
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

function ready(environment: Record<string, string> = {}): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, ...environment };
  return run("sh", ["scripts/ready.sh", "test"], { env });
}

test("a second set-up finds everything, says so in one line, and installs nothing", async () => {
  const { stdout } = await ready();
  expect(stdout).toMatch(
    /^Ready: npm packages, git [\d.]+, Docker engine \S+, node:24 \([a-z-]+\), postgres:17 \([a-z-]+\), python:3\.13 \([a-z-]+\), nginx:stable \([a-z-]+\), mariadb:11 \([a-z-]+\), redis:8 \([a-z-]+\), postgres:15 \([a-z-]+\), iproute2 \S+, browser \S+, Compose \S+\.$/m,
  );
  expect(stdout).not.toContain("sets this machine up");
  expect(existsSync(calls)).toBe(false);
});

test("two set-ups at once both succeed", async () => {
  const both = await Promise.all([ready(), ready()]);
  for (const { stdout } of both) expect(stdout).toContain("Ready: ");
  expect(existsSync(calls)).toBe(false);
});

test("an engine address that does not answer is an error that names it, and no engine is installed instead", async () => {
  const failure = ready({ DOCKER_HOST: "unix:///nowhere/docker.sock" });
  await expect(failure).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("DOCKER_HOST is unix:///nowhere/docker.sock, and no engine answers there"),
  });
  expect(existsSync(calls)).toBe(false);
});
