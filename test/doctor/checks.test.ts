import { describe, expect, test } from "vitest";
import type { Check } from "../../src/doctor/check.ts";
import { checkEngine, checkPool, type Taken } from "../../src/doctor/engine-checks.ts";
import { checkFirewall, firewallOf, firewallScript } from "../../src/doctor/firewall.ts";
import { checkGitHub, checkWebhook, type GitHubFacts } from "../../src/doctor/github-checks.ts";
import {
  checkBuilds,
  checkClock,
  checkDisk,
  checkMemory,
  checkGit,
  checkHandover,
  checkState,
} from "../../src/doctor/machine-checks.ts";
import { checkPublicUrl, checkSites, checkWildcard } from "../../src/doctor/name-checks.ts";
import { checkAllowances, checkOthers } from "../../src/doctor/server-checks.ts";
import { parseRange } from "../../src/engine/subnets.ts";

const engine = { version: "26.1.5", apiVersion: "1.45", driver: "overlay2", filesystem: "extfs", rootless: false };
const taken = (what: string): Taken => ({ what, ...parseRange(what) });
const pool = (routes: string[], networks: string[] = []) =>
  checkPool({
    pool: { text: "10.213.0.0/16", ...parseRange("10.213.0.0/16") },
    routes: routes.map(taken),
    networks: networks.map(taken),
  });
const names = { domain: "preview.example.com", addresses: ["203.0.113.7"], own: ["203.0.113.7"], answers: null };
const open = { publicUrl: "https://mayfly.example.net", isRunning: true, trustsProxies: true, problem: null };
const all = {
  metadata: "read",
  contents: "read",
  pull_requests: "write",
  issues: "write",
  checks: "write",
  deployments: "write",
};
const events = ["pull_request", "issue_comment", "repository"];
const app = (more: object = {}): GitHubFacts => ({
  kind: "app",
  slug: "mayfly",
  permissions: all,
  events,
  refused: [],
  ...more,
});
const token = (scopes: string[] | null, refused: string[] = []): GitHubFacts => ({
  kind: "token",
  login: "bot",
  scopes,
  refused,
});
const place = { folder: "/d", reserveBytes: 0 };
const gib = 1024 ** 3;

describe("what is found is told with what to do", () => {
  test.each<[Check, Check["status"], string]>([
    [checkEngine(engine), "ok", "engine 26.1.5, overlay2 on ext4"],
    [checkEngine({ ...engine, version: "20.10.24", apiVersion: "1.41" }), "fail", "older than 26"],
    [checkEngine({ ...engine, rootless: true }), "warn", "rootless"],
    [checkBuilds(4 * gib, null), "ok", "a build may use 4.0 GiB"],
    [checkBuilds(4 * gib, "EACCES"), "warn", "builds.memory does not hold: a build may use all memory"],
    [pool(["192.168.1.0/24"], ["172.17.0.0/16"]), "ok", "10.213.0.0/16 is free"],
    [pool(["10.213.4.0/24"]), "fail", "holds 10.213.4.0/24"],
    [pool(["10.0.0.0/8"]), "warn", "lies inside 10.0.0.0/8"],
    [pool([], ["10.213.8.0/28"]), "warn", "10.213.8.0/28 uses addresses of 10.213.0.0/16"],

    [checkWildcard({ ...names, domain: "preview.localhost", addresses: [] }), "warn", "this machine only"],
    [checkWildcard({ ...names, addresses: [] }), "fail", "*.preview.example.com does not resolve"],
    [checkWildcard(names), "ok", "resolves to 203.0.113.7"],
    [checkWildcard({ ...names, own: ["10.0.0.5"] }), "warn", "no address of this machine"],
    [checkWildcard({ ...names, own: ["10.0.0.5"], answers: true }), "ok", "resolves to 203.0.113.7"],
    [checkWildcard({ ...names, answers: false }), "fail", "is not this Mayfly"],
    [
      checkSites("preview.example.com", "mayfly.example.net"),
      "ok",
      "under example.com, the dashboard under example.net",
    ],
    [checkSites("preview.example.co.uk", "mayfly.example.co.uk"), "warn", "share example.co.uk"],
    [checkSites("shop.github.io", "mayfly.github.io"), "ok", "under shop.github.io"],
    [checkSites("preview.localhost", "localhost"), "ok", "on this machine"],
    [checkPublicUrl(open), "ok", "https://mayfly.example.net answers"],
    [checkPublicUrl({ ...open, trustsProxies: false }), "warn", "over plain HTTP"],
    [checkPublicUrl({ ...open, isRunning: false, problem: "refused" }), "warn", "Mayfly does not run"],
    [checkPublicUrl({ ...open, problem: "certificate has expired" }), "fail", "certificate has expired"],

    [checkGitHub({ kind: "none" }), "fail", "neither a token nor an App"],
    [checkGitHub({ kind: "problem", what: "GitHub refused", hint: "x" }), "fail", "GitHub refused"],
    [checkGitHub(app()), "ok", "the App mayfly may do what it needs to"],
    [
      checkGitHub(app({ permissions: { ...all, checks: "read", issues: undefined } })),
      "fail",
      "lacks issues: write, checks: write",
    ],
    [checkGitHub(app({ permissions: { ...all, contents: "write" } })), "ok", "the App mayfly"],
    [checkGitHub(app({ events: ["pull_request"] })), "warn", "is not told of issue_comment, repository"],
    [checkGitHub(app({ refused: ["acme/shop"] })), "fail", "does not give us acme/shop"],
    [checkGitHub(token(["repo", "read:org"])), "ok", "the token is bot's"],
    [checkGitHub(token(["public_repo"])), "fail", "lacks the scope repo (it has public_repo)"],
    [checkGitHub(token(null)), "ok", "told only when it is used"],
    [checkGitHub(token(null, ["acme/shop"])), "fail", "does not give us acme/shop"],
    [checkWebhook({ secrets: 2, pollMs: 1 }), "ok", "2 webhook secrets"],
    [checkWebhook({ secrets: 0, pollMs: 30_000 }), "warn", "every 1 min"],
    [checkWebhook({ secrets: 0, pollMs: 10_000 }), "warn", "every 10 s"],

    [
      checkDisk({ path: "/d", freeBytes: 72.1 * gib, totalBytes: 252 * gib }, place),
      "ok",
      "72.1 GiB of 252 GiB are free at /d",
    ],
    [
      checkDisk(null, { folder: "/var/lib/docker", reserveBytes: 0 }),
      "warn",
      "free in the engine's /var/lib/docker cannot be seen from here",
    ],
    [
      checkDisk({ path: "/d", freeBytes: 15 * gib, totalBytes: 252 * gib }, { folder: "/d", reserveBytes: 25 * gib }),
      "warn",
      "less than disk.reserve",
    ],
    [
      checkMemory({ availableBytes: 12 * gib, totalBytes: 16 * gib }, 2 * gib),
      "ok",
      "12.0 GiB of 16.0 GiB are available",
    ],
    [checkMemory({ availableBytes: gib, totalBytes: 16 * gib }, 2 * gib), "warn", "less than memory.reserve"],
    [checkMemory(null, 0), "warn", "cannot be seen from here"],
    [checkDisk({ path: "/d", freeBytes: 5 * gib, totalBytes: 252 * gib }, place), "warn", "5.0 GiB"],
    [checkDisk({ path: "/d", freeBytes: gib, totalBytes: 252 * gib }, place), "fail", "1.0 GiB"],
    [checkGit("git version 2.39.5\n"), "ok", "git 2.39.5"],
    [checkGit("git version 2.25.1 (Apple Git-1)"), "fail", "git 2.25.1 is too old"],
    [checkGit(null), "fail", "there is no git"],
    [checkClock(900), "ok", "agrees"],
    [checkClock(-20_000), "warn", "20 s behind"],
    [checkClock(120_000), "fail", "2 min ahead of"],
    [checkClock(null), "warn", "could not be compared"],
    [checkState("/s", null), "ok", "/s is ours"],
    [checkState("/s", "EACCES"), "fail", "EACCES"],
    [checkHandover("1"), "ok", "hands over"],
    [checkHandover("0"), "warn", "may reset"],

    [checkOthers(new Map([["me", 3]]), "me"), "ok", "nothing of another"],
    [
      checkOthers(
        new Map([
          ["me", 3],
          ["you", 2],
        ]),
        "me",
      ),
      "ok",
      "left alone (2 of you)",
    ],
    [checkOthers(new Map([["old", 7]]), "new"), "warn", "7 of old"],
    [checkOthers(new Map([["old", 7]]), null), "warn", "7 of old"],
  ])("%j", (check, status, message) => {
    expect(check.status).toBe(status);
    expect(check.message).toContain(message);
    expect(check.hint === null).toBe(status === "ok");
  });
});

describe("the firewall", () => {
  const firewall = firewallOf({ pool: "10.213.0.0/16", builds: "172.17.0.0/16" });
  const saved = [...firewall.table.split("\n"), ...firewall.jumps.map(({ from, to }) => `-A ${from} -j ${to}`)];

  test("is in place when every rule and both ways into them are, whatever else is there", () => {
    expect(checkFirewall(firewall, ["-A INPUT -j OTHER", ...saved].join("\n")).status).toBe("ok");
    expect(checkFirewall(firewall, null).message).toContain("was not looked at");
  });

  test.each(saved.filter((line) => line.startsWith("-A")))("is not in place without %s", (rule) => {
    expect(checkFirewall(firewall, saved.filter((line) => line !== rule).join("\n")).status).toBe("warn");
  });

  test("is printed as it is typed, with its end", () => {
    expect(firewallScript(firewall)).toContain("iptables -w -I DOCKER-USER 1 -j MAYFLY-FW-10.213.0.0-16");
    expect(firewallScript(firewall)).toContain("# iptables -w -D INPUT -j MAYFLY-IN-10.213.0.0-16");
    for (const chain of Object.values(firewallOf({ pool: "100.100.100.0/24", builds: null }).chains)) {
      expect(chain.length).toBeLessThanOrEqual(28);
    }
  });
});

test("what the operator allows is told, and nothing where that is nothing", () => {
  expect(checkAllowances({ "acme/shop": [] })).toEqual([]);
  expect(checkAllowances({ "acme/shop": ["cap_add:SYS_PTRACE"], "acme/*": [] })).toMatchObject([
    { status: "ok", message: "the server file allows cap_add:SYS_PTRACE to acme/shop, forks excepted" },
  ]);
});
