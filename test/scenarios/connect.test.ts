import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createGitHub } from "../../demo/github-server.ts";
import { runCli } from "../../src/cli/cli.ts";
import { openBrowser } from "../../demo/browser.ts";
import { eventually } from "../support/eventually.ts";

test("an operator makes the App in a browser, by one click, and comes back to where it is installed", async () => {
  await using closing = new AsyncDisposableStack();
  const gitHub = await createGitHub({ users: ["ann"], repositories: [], token: "t" });
  closing.defer(() => gitHub.stop());
  const folder = mkdtempSync(join(tmpdir(), "mayfly-connect-"));
  closing.defer(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "server.yaml");
  const text = `public_url: https://mayfly.example.net\ngithub: { api_url: ${gitHub.apiUrl}, web_url: ${gitHub.url} }\n`;
  writeFileSync(file, text);
  const said: string[] = [];
  const interruption = new AbortController();
  closing.defer(() => interruption.abort());
  const ended = runCli(["github", "connect", "--print", "--config", file], {
    environment: {},
    columns: 80,
    hasColor: false,
    isRoot: false,
    print: (line) => said.push(line),
    complain: (line) => said.push(line),
    now: () => 0,
    interruption: () => interruption.signal,
  });
  const page = await eventually(() => {
    const url = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{40}/.exec(said.join("\n"))?.[0];
    if (url === undefined) throw new Error(said.join("\n"));
    return url;
  });
  const browser = await openBrowser();
  closing.defer(() => browser.close());
  const operator = await browser.newPage();
  await operator.goto(page);
  await operator.click("text=Create the GitHub App");
  await operator.waitForSelector(`a[href="${gitHub.url}/apps/mayfly-mayfly-example-net/installations/new"]`);
  expect(await ended).toBe(0);
  expect(readFileSync(file, "utf8")).toContain("app:");
});
