import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { findServerFile } from "../../src/config/server-path.ts";
import { isOurs, loadServerConfig, settingsFor } from "../../src/config/server.ts";
import { InputError } from "../../src/domain/errors.ts";

const pem = String(
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }),
);
const ecKey = String(
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
);

type Outside = { environment?: Record<string, string>; files?: Record<string, string> };

function load(text: string | null, { environment = {}, files = {} }: Outside = {}) {
  const path = text === null ? null : "/etc/mayfly/server.yaml";
  return loadServerConfig({ path, text, environment, readFile: (name) => files[name] ?? null });
}

function failure(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("the server file", () => {
  test("has a default for everything", () => {
    expect(load(null)).toEqual({
      gitEnvironment: {},
      secretSources: { environment: {}, readFile: expect.any(Function) },
      path: "server.yaml",
      domain: "preview.localhost",
      listen: { host: "127.0.0.1", port: 8080 },
      publicUrl: "http://localhost:8080",
      dashboardHost: null,
      state: "./state",
      trustedProxies: [],
      clients: { requests: 2000, connections: 4000 },
      github: {
        apiUrl: "https://api.github.com",
        webUrl: "https://github.com",
        token: null,
        app: null,
        oauth: null,
        webhookSecrets: [],
        pollMs: 300_000,
      },
      engine: { host: "unix:///var/run/docker.sock" },
      network: { pool: "10.213.0.0/16", egress: "internet" },
      builds: { parallel: 2, memoryBytes: 4_294_967_296, timeoutMs: 1_200_000, forkEgress: "none" },
      max: 100,
      memory: { reserve: { percent: 10 }, awakeMs: 300_000 },
      disk: { reserve: { percent: 10 } },
      defaults: {
        limits: { cpus: 2, memoryBytes: 2_147_483_648, pids: 1024, services: 30 },
        when: { drafts: true, bots: false, label: null, paths: [] },
        ttlMs: 259_200_000,
        freezeAfterMs: 900_000,
        stopAfterMs: 7_200_000,
        max: 20,
        access: null,
        forks: "allow",
        allow: [],
        git: { lfs: false, submodules: [] },
        secrets: {},
      },
      repositories: null,
      registries: {},
      apiToken: null,
      tokens: [],
      notify: [],
      audit: { keepMs: 7_776_000_000 },
      telemetry: null,
      sources: [],
      data: { budgetBytes: null },
    });
  });

  const readKey = (key: string) =>
    load("github:\n  app: { id: 7, private_key: { env: KEY } }", { environment: { KEY: key } }).github.app;

  test.each([
    ["as GitHub gives it", pem],
    ["on one line, as an environment variable holds it", pem.trim().replaceAll("\n", String.raw`\n`)],
  ])("takes an App's key %s", (_name, key) => {
    expect(readKey(key)).toEqual({ id: 7, privateKey: expect.stringMatching(/^-----BEGIN .*\n/) });
  });

  test.each([
    ["that was cut", pem.slice(0, 400)],
    ["of another kind", ecKey],
    ["that is none", "pem"],
  ])("refuses an App's key %s, with its place", (_name, key) => {
    expect(failure(() => readKey(key))).toMatchObject({
      message: "github.app.private_key is no RSA private key",
      place: { line: 2, column: 30 },
    });
  });

  test("says where the forms of a value are told", () => {
    expect(failure(() => load("max: many")).hint).toContain("compose/server.example.yaml");
  });

  test("is read from the example in full", () => {
    const example = readFileSync(fileURLToPath(new URL("../../compose/server.example.yaml", import.meta.url)), "utf8");
    const config = load(example, {
      environment: {
        GITHUB_TOKEN: "t",
        WEBHOOK_SECRET_NEW: "new",
        MAYFLY_API_TOKEN: "api",
        SLACK_URL: "https://hooks.slack.test/1",
        TEAMS_URL: "https://teams.test/2",
      },
      files: {
        "/etc/mayfly/secrets/webhook-old": "old\n",
        "/etc/mayfly/secrets/github-app.pem": pem,
        "/etc/mayfly/secrets/oauth": "client",
        "/etc/mayfly/secrets/ghcr": "pull",
      },
    });
    expect(config.github).toMatchObject({ token: "t", webhookSecrets: ["new", "old"], pollMs: 300_000 });
    expect(config.dashboardHost).toBe("mayfly.example.net");
    expect(config.apiToken).toBe("api");
    const { limits } = settingsFor(config, "acme/shop");
    expect(limits).toEqual({ cpus: 2, memoryBytes: 4 * 1024 ** 3, pids: 1024, services: 30 });
  });

  test.each([
    [
      "github:\n  webhook_secrt: x",
      "unknown-key",
      "2:3",
      'github: unknown key "webhook_secrt". Did you mean "webhook_secret"?',
    ],
    ["domian: x.org", "unknown-key", "1:1", 'unknown key "domian". Did you mean "domain"?'],
    ["listen: 8080", "invalid-value", "1:9", "listen must be HOST:PORT, such as 127.0.0.1:8080"],
    ["zzz: 1", "unknown-key", "1:1", 'unknown key "zzz"'],
    ["builds:\n  timeout: 3", "invalid-value", "2:12", "builds.timeout must be a duration such as 30s or 5m"],
    ["builds: { timeout: soon }", "invalid-value", "1:20", "builds.timeout must be a duration such as 30s or 5m"],
    ["builds: { memory: much }", "invalid-value", "1:19", "builds.memory must be a size such as 512MiB"],
    ["builds: { fork_egress: all }", "invalid-value", "1:24", "builds.fork_egress must be internet or none"],
    ["builds: { parallel: 0 }", "invalid-value", "1:21", "builds.parallel must be above zero"],
    ["listen: here", "invalid-value", "1:9", 'listen must be HOST:PORT, not "here"'],
    ["listen: 127.0.0.1:99999", "invalid-value", "1:9", 'listen must be HOST:PORT, not "127.0.0.1:99999"'],
    ["public_url: mayfly", "invalid-value", "1:13", "public_url must be a URL such as https://mayfly.example.net"],
    [
      "network: { pool: 10.0.0.0/30 }",
      "invalid-value",
      "1:18",
      "network.pool must be an IPv4 range between /8 and /24, such as 10.213.0.0/16",
    ],
    ["network: { egress: lan }", "invalid-value", "1:20", "network.egress must be internet or none"],
    [
      "defaults: { limits: { memory: lots } }",
      "invalid-value",
      "1:31",
      "defaults.limits.memory must be a size such as 512MiB",
    ],
    ["repositories: { shop: {} }", "invalid-value", "1:17", "repositories.shop: the key must be OWNER/NAME or OWNER/*"],
    ["dashboard: {}", "invalid-value", "1:12", "dashboard.host is missing"],
    ["domain: a\ndomain: b", "yaml-invalid", "2:1", 'the key "domain" stands twice in one map'],
    ["- x", "invalid-value", "1:1", "the document must be a map"],
    [
      "defaults: { access: sign-in }",
      "invalid-value",
      "1:21",
      "defaults.access is sign-in, which needs github.oauth (docs/sign-in.md)",
    ],
    [
      "repositories: { a/b: { access: sign-in } }",
      "invalid-value",
      "1:32",
      "repositories.a/b.access is sign-in, which needs github.oauth (docs/sign-in.md)",
    ],
    ["defaults: { access: secret }", "invalid-value", "1:21", "defaults.access must be public, link or sign-in"],
    [
      "repositories: { a/b: { secrets: { MY-KEY: x } } }",
      "invalid-value",
      "1:35",
      "repositories.a/b.secrets.MY-KEY: the key must be a name of letters, digits and _, such as STRIPE_KEY",
    ],
    [
      "tokens: [{ name: ci, sha256: abc, scopes: [read] }]",
      "invalid-value",
      "1:30",
      "tokens[0].sha256 must be the SHA-256 of the token in hex: printf %s TOKEN | sha256sum",
    ],
    [
      `tokens: [{ name: ci, sha256: ${"a".repeat(64)}, scopes: [read] }, { name: ci, sha256: ${"b".repeat(64)}, scopes: [read] }]`,
      "invalid-value",
      "1:122",
      "tokens[1].name is another token's name, too",
    ],
    [
      `tokens: [{ name: first, sha256: ${"a".repeat(64)}, scopes: [read] }]`,
      "invalid-value",
      "1:18",
      "tokens[0].name must not be first: that is the first token's",
    ],
    [
      "notify: { slack: { url: x, level: loud } }",
      "invalid-value",
      "1:18",
      "notify.slack must be a URL, { env: NAME }, { file: PATH } or { url, level }",
    ],
    [
      "trusted_proxies: [caddy]",
      "invalid-value",
      "1:19",
      "trusted_proxies[0] must be an address or a range such as 10.0.0.0/8",
    ],
    [
      'repositories: { acme/shop: { allow: ["cap_add:SYS_ADMIN"] } }',
      "invalid-value",
      "1:38",
      "repositories.acme/shop.allow[0] must be one of cap_add:SYS_PTRACE, cap_add:NET_ADMIN",
    ],
    ["engine: { host: npipe://x }", "invalid-value", "1:17", "engine.host must begin with unix:/// or tcp://"],
  ])("tells what is wrong where: %j", (text, code, place, message) => {
    const error = failure(() => load(text));
    expect([error.code, `${error.place?.line}:${error.place?.column}`, error.message]).toEqual([code, place, message]);
    expect(error.place?.file).toBe("/etc/mayfly/server.yaml");
  });

  test("says when previews go to sleep, or never", () => {
    const defaults = "defaults: { freeze_after: 5m, stop_after: never }\n";
    const server = load(`${defaults}repositories: { acme/shop: { stop_after: 3h } }`);
    expect(server.defaults).toMatchObject({ freezeAfterMs: 300_000, stopAfterMs: null });
    expect(server.repositories?.["acme/shop"]).toMatchObject({ freezeAfterMs: 300_000, stopAfterMs: 10_800_000 });
    expect(failure(() => load("defaults: { freeze_after: soon }")).message).toContain("or never");
  });
});

describe("secrets", () => {
  test.each([
    ["as text", "github: { token: abc }", {}, "abc"],
    ["from the environment", "github: { token: { env: T } }", { environment: { T: "abc" } }, "abc"],
    [
      "from a file beside the server file",
      "github: { token: { file: t } }",
      { files: { "/etc/mayfly/t": "abc\n" } },
      "abc",
    ],
    [
      "from MAYFLY_GITHUB_TOKEN first",
      "github: { token: abc }",
      { environment: { MAYFLY_GITHUB_TOKEN: "env" } },
      "env",
    ],
    [
      "from MAYFLY_GITHUB_TOKEN_FILE",
      "",
      { environment: { MAYFLY_GITHUB_TOKEN_FILE: "/run/t" }, files: { "/run/t": "abc" } },
      "abc",
    ],
  ])("are read %s", (_how, text, outside, token) => {
    expect(load(text, outside).github.token).toBe(token);
  });

  test("of webhooks may be several, and the environment's comes instead", () => {
    expect(
      load("github: { webhook_secret: [a, { env: B }] }", { environment: { B: "b" } }).github.webhookSecrets,
    ).toEqual(["a", "b"]);
    expect(
      load("github: { webhook_secret: a }", { environment: { MAYFLY_WEBHOOK_SECRET: "c" } }).github.webhookSecrets,
    ).toEqual(["c"]);
  });

  test.each([
    ["github: { token: { env: T } }", {}, "variable-missing", "the environment variable T is not set"],
    [
      "github: { token: { env: T } }",
      { environment: { T: "" } },
      "variable-missing",
      "the environment variable T is empty",
    ],
    ["github: { token: { file: t } }", {}, "file-missing", "there is no file t"],
    ["", { environment: { MAYFLY_API_TOKEN: "a", MAYFLY_API_TOKEN_FILE: "b" } }, "invalid-value", "both set"],
  ])("that are missing are told: %j", (text, outside, code, said) => {
    const error = failure(() => load(text, outside));
    expect(error.code).toBe(code);
    expect(error.message).toContain(said);
  });
});

describe("repositories", () => {
  const config = load(
    "repositories: { acme/shop: { limits: { cpus: 4 } }, acme/*: { limits: { cpus: 1 } }, other/one: }",
  );
  test.each([
    ["acme/shop", 4],
    ["Acme/Shop", 4],
    ["acme/blog", 1],
    ["other/one", 2],
    ["other/two", null],
    ["evil/acme", null],
  ])("%s gets its own settings, its owner's, or is not ours", (repository, cpus) => {
    expect(isOurs(config, repository)).toBe(cpus !== null);
    // What is not ours any more keeps the defaults until it is removed.
    expect(settingsFor(config, repository).limits.cpus).toBe(cpus ?? 2);
  });

  test("stand over their owner's entry, which stands over the defaults", () => {
    const layered = load(
      [
        "defaults: { ttl: 3d, when: { label: preview }, secrets: { A: a, B: b } }",
        "repositories:",
        "  acme/*: { max: 5, when: { drafts: false }, secrets: { B: theirs } }",
        "  acme/shop: { ttl: 1h, when: { paths: [apps/**] }, access: public, forks: never }",
      ].join("\n"),
    );
    expect(settingsFor(layered, "acme/shop")).toMatchObject({
      ttlMs: 3_600_000,
      max: 5,
      access: "public",
      forks: "never",
      when: { drafts: false, bots: false, label: "preview", paths: ["apps/**"] },
      secrets: { A: { source: "a" }, B: { source: "theirs", place: { line: 3 } } },
    });
  });

  test("are all served when none is named", () => {
    expect(isOurs(load(""), "any/one")).toBe(true);
    expect(settingsFor(load(""), "any/one").limits.cpus).toBe(2);
  });
});

describe("the server file's place", () => {
  test.each([
    [null, ["server.yaml", "/etc/mayfly/server.yaml"], "server.yaml"],
    [null, ["/etc/mayfly/server.yaml"], "/etc/mayfly/server.yaml"],
    [null, ["other.yaml"], null],
    ["my.yaml", ["my.yaml", "server.yaml"], "my.yaml"],
  ])("named %s, existing %j: %s", (named, existing, found) => {
    expect(findServerFile(named, (path) => existing.includes(path))).toBe(found);
  });

  test("must exist when it is named", () => {
    expect(failure(() => findServerFile("my.yaml", () => false)).code).toBe("file-missing");
  });
});
