import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createGitHub, type GitHub } from "../../demo/github-server.ts";
import { runCli } from "../../src/cli/cli.ts";
import { loadServerConfig } from "../../src/config/server.ts";
import { eventually } from "../support/eventually.ts";

let gitHub: GitHub;
let folder: string;
beforeAll(async () => void (gitHub = await createGitHub({ users: ["ann"], repositories: [], token: "t" })));
afterAll(() => gitHub.stop());
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "mayfly-connect-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, "server.yaml");
const writeServerFile = (more = "", publicUrl = "https://mayfly.example.net") =>
  writeFileSync(
    file(),
    `# Ours.\npublic_url: ${publicUrl} # behind Caddy\ngithub:\n  # Enterprise.\n  api_url: ${gitHub.apiUrl}\n  web_url: ${gitHub.url}\n${more}`,
    { mode: 0o640 },
  );

/** Runs `mayfly github connect --print`, as in a terminal. */
function connect(...args: string[]) {
  const interrupted = new AbortController();
  const printed: string[] = [];
  const complained: string[] = [];
  const ended = runCli(["github", "connect", "--print", "--config", file(), ...args], {
    environment: {},
    columns: 80,
    hasColor: false,
    isRoot: false,
    print: (text) => printed.push(text),
    complain: (text) => complained.push(text),
    now: () => 0,
    interruption: () => interrupted.signal,
  });
  const page = () =>
    eventually(() => {
      const url = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{40}/.exec(complained.join("\n"))?.[0];
      if (url === undefined) throw new Error(complained.join("\n"));
      return url;
    });
  return { ended, printed, complained, page, interrupt: () => interrupted.abort() };
}

/** What the button does: the form as it stands on the page, posted to where it says. */
async function press(page: string) {
  const text = await (await fetch(page)).text();
  const unescape = (value = "") => value.replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  const action = unescape(/action="([^"]*)"/.exec(text)?.[1]);
  const manifest = unescape(/name="manifest" value="([^"]*)"/.exec(text)?.[1]);
  const answer = await fetch(action, { method: "POST", body: new URLSearchParams({ manifest }), redirect: "manual" });
  return {
    action,
    manifest: JSON.parse(manifest) as Record<string, unknown>,
    back: answer.headers.get("location") ?? "",
  };
}

describe("mayfly github connect", () => {
  test("makes an App with the right permissions and hook, and writes its secrets and the server file's lines", async () => {
    writeServerFile("  token: ghp_old\n");
    const run = connect("--org", "acme");
    const { action, manifest, back } = await press(await run.page());
    expect(action).toMatch(`${gitHub.url}/organizations/acme/settings/apps/new?state=`);
    expect(manifest).toMatchObject({
      name: "mayfly-acme",
      public: false,
      hook_attributes: { url: "https://mayfly.example.net/webhooks/github", active: true },
      callback_urls: ["https://mayfly.example.net/sign-in/callback"],
      default_permissions: { contents: "read", checks: "write", issues: "write", deployments: "write" },
      default_events: ["pull_request", "issue_comment", "repository"],
    });
    const last = await fetch(back);
    expect(await last.text()).toContain(`${gitHub.url}/apps/mayfly-acme/installations/new`);
    expect(await run.ended).toBe(0);
    expect(run.printed.join("\n")).toContain("github.token is not used any more");

    const text = readFileSync(file(), "utf8");
    expect(text).toContain("# Ours.\npublic_url: https://mayfly.example.net # behind Caddy\n");
    expect(text).toContain("  # Enterprise.\n");
    expect(text).not.toContain("BEGIN RSA");
    expect(statSync(file()).mode & 0o777).toBe(0o640);
    const { github } = loadServerConfig({
      path: file(),
      text,
      environment: {},
      readFile: (path) => readFileSync(path, "utf8"),
    });
    expect(github).toMatchObject({
      app: { id: expect.any(Number), privateKey: expect.stringContaining("BEGIN RSA PRIVATE KEY") },
      webhookSecrets: ["a-hook-secret"],
      oauth: { clientId: "Iv1.mayfly-acme", clientSecret: "a-client-secret" },
    });
    for (const kind of ["pem", "webhook-secret", "client-secret"])
      expect(statSync(join(folder, "secrets", `mayfly-acme.${kind}`)).mode & 0o777).toBe(0o600);

    expect(await connect().ended).toBe(1);
  });

  test("where GitHub cannot reach us, the hook is inactive and polling is named", async () => {
    writeServerFile("", "http://localhost:8080");
    const run = connect("--json");
    const { manifest, back } = await press(await run.page());
    expect(manifest).toMatchObject({ hook_attributes: { active: false } });
    await fetch(back);
    expect(await run.ended).toBe(0);
    expect(JSON.parse(run.printed.join(""))).toMatchObject({ slug: "mayfly-localhost", hookUrl: null });
    expect(readFileSync(file(), "utf8")).not.toContain("webhook_secret");
  });

  test("a code that comes from elsewhere, or with another state, changes nothing; ours still counts after it", async () => {
    writeServerFile();
    const before = readFileSync(file(), "utf8");
    const run = connect();
    const page = await run.page();
    const { origin } = new URL(page);
    expect((await fetch(`${origin}/`)).status).toBe(404);
    expect((await fetch(`${origin}/${"0".repeat(40)}`)).status).toBe(404);
    const { back } = await press(page);
    const forged = new URL(back);
    forged.searchParams.set("state", "0".repeat(40));
    expect((await fetch(forged)).status).toBe(400);
    expect(readFileSync(file(), "utf8")).toBe(before);
    expect((await fetch(back)).status).toBe(200);
    expect(await run.ended).toBe(0);
  });

  test("a code that GitHub does not know is told in words, on the page and in the terminal", async () => {
    writeServerFile();
    const run = connect();
    const { back } = await press(await run.page());
    const stale = new URL(back);
    stale.searchParams.set("code", "stale");
    const answer = await fetch(stale);
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("does not know this code")]);
    expect(await run.ended).toBe(1);
    expect(run.complained.join("\n")).toContain("run `mayfly github connect` again");
  });

  test("Ctrl-C ends it and changes nothing", async () => {
    writeServerFile();
    const before = readFileSync(file(), "utf8");
    const run = connect();
    await run.page();
    run.interrupt();
    expect(await run.ended).toBe(1);
    expect(readFileSync(file(), "utf8")).toBe(before);
  });

  test.each([
    [["--org", "a b"], "is no organization"],
    [["--port", "99999"], "is no port"],
  ])("%j is refused", async (args, problem) => {
    const run = connect(...args);
    expect(await run.ended).toBe(2);
    expect(run.complained.join("\n")).toContain(problem);
  });
});
