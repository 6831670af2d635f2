import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mayfly } from "./spawned.ts";

const directory = mkdtempSync(join(tmpdir(), "mayfly-up-cli-"));
let commit: string;
beforeAll(() => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", ...args], {
      cwd: directory,
      encoding: "utf8",
    });
  writeFileSync(join(directory, "compose.yaml"), "services: {}\n");
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "Open the shop");
  commit = git("rev-parse", "HEAD").trim();
});
afterAll(() => rmSync(directory, { recursive: true }));

type Attempt = { generation: number; commit: string; phase: string };
type Shown = { phase: string; newest: Attempt | null; serving?: string; queue?: string };

function view({ phase, newest, serving, queue }: Shown) {
  return {
    slug: "shop-pr-1",
    phase,
    reason: queue ?? null,
    queue: queue === undefined ? null : {},
    link: "http://shop-pr-1.preview.localhost",
    newest: newest && { ...newest, failure: null },
    serving: serving === undefined ? null : { commit: serving },
  };
}

/** A server that answers what was sent with the first of these, and each look with the next; the last one stays. */
async function run(command: "up" | "down", ...shown: Shown[]) {
  const asked: string[] = [];
  const left = [...shown];
  const server = createServer((req, res) => {
    const path = (req.url ?? "").split("?")[0];
    if (req.method !== "GET") asked.push(`${req.method} ${path}`);
    req.resume().once("end", () => {
      const isLook = path === "/api/previews/shop-pr-1" || path === "/api/local";
      const next = isLook && left.length > 1 ? left.shift()! : left[0]!;
      res.setHeader("content-type", "application/json").end(JSON.stringify(path === "/api/previews" ? [] : view(next)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const environment = { MAYFLY_SERVER: `http://127.0.0.1:${port}`, MAYFLY_API_TOKEN: "token" };
  const ended = await mayfly([command, directory], { environment });
  server.closeAllConnections();
  server.close();
  return { ...ended, asked };
}

const other = "b".repeat(40);
const attempt = (generation: number, phase: string, of = commit): Attempt => ({ generation, commit: of, phase });

test("up ends when other files of the same directory were sent after these", async () => {
  const { code, err } = await run(
    "up",
    { phase: "pending", newest: null },
    { phase: "building", newest: attempt(1, "building") },
    { phase: "building", newest: attempt(2, "building", other) },
  );
  expect(code).toBe(1);
  expect(err).toContain("shop-pr-1: other files were sent meanwhile");
});

test("up ends when these were overtaken before anything was done for them", async () => {
  const { code, err } = await run(
    "up",
    { phase: "ready", newest: attempt(1, "ready", other), serving: other },
    { phase: "ready", newest: attempt(2, "ready", "c".repeat(40)), serving: "c".repeat(40) },
  );
  expect([code, err]).toEqual([1, expect.stringContaining("other files were sent meanwhile")]);
});

test("up ends when somebody removes the preview meanwhile", async () => {
  const { code, err } = await run(
    "up",
    { phase: "pending", newest: null },
    { phase: "starting", newest: attempt(1, "starting") },
    { phase: "gone", newest: attempt(1, "superseded") },
  );
  expect([code, err]).toEqual([1, expect.stringContaining("shop-pr-1: it was removed meanwhile")]);
});

test("up tries again what failed before with the same files, and tells how that ends", async () => {
  const { code, out, asked } = await run(
    "up",
    { phase: "failed", newest: attempt(1, "failed") },
    { phase: "failed", newest: attempt(1, "failed") },
    { phase: "starting", newest: attempt(2, "starting") },
    { phase: "ready", newest: attempt(2, "ready"), serving: commit },
  );
  expect(asked).toEqual(["POST /api/local", "POST /api/previews/shop-pr-1/redeploy"]);
  expect([code, out]).toEqual([0, expect.stringContaining("ready at")]);
});

test("up of what failed and was removed since does not end with what failed then", async () => {
  const { code, asked } = await run(
    "up",
    { phase: "gone", newest: attempt(3, "failed") },
    { phase: "pending", newest: attempt(3, "failed") },
    { phase: "ready", newest: attempt(4, "ready"), serving: commit },
  );
  expect(asked).toEqual(["POST /api/local", "POST /api/previews/shop-pr-1/deploy"]);
  expect(code).toBe(0);
});

test("up tells whoever waits for a place of their turn", async () => {
  const { code, err } = await run(
    "up",
    { phase: "pending", newest: null },
    { phase: "pending", newest: null, queue: "1st in the queue of 1; 1 of 1 previews are up" },
    { phase: "ready", newest: attempt(1, "ready"), serving: commit },
  );
  expect([code, err]).toEqual([0, expect.stringContaining("1st in the queue of 1; 1 of 1 previews are up")]);
});

test("down ends when somebody brings the preview back meanwhile", async () => {
  const { code, err } = await run(
    "down",
    { phase: "ready", newest: attempt(1, "ready") },
    { phase: "removing", newest: attempt(1, "ready") },
    { phase: "starting", newest: attempt(2, "starting") },
  );
  expect([code, err]).toEqual([1, expect.stringContaining("shop-pr-1: it was brought back meanwhile")]);
});
