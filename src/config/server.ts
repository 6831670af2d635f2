import { previewLink } from "../domain/naming.ts";
import type { Source } from "../domain/source.ts";
import type { Scope } from "../domain/token.ts";
import { conform } from "./explain.ts";
import { parseListen } from "./listen.ts";
import { readPrivateKey } from "./private-key.ts";
import { defaultSettings, mergeSettings, type RepositorySettings } from "./repository-settings.ts";
import { readRoom, type RoomConfig } from "./room.ts";
import { environmentSecret, resolveSecret, type SecretSources } from "./secrets.ts";
import { type Secret, ServerFile } from "./server-file.ts";
import { readSources } from "./sources.ts";
import { mapNode, type Path, placeOf, type YamlNode } from "./yaml-node.ts";
import { readYaml } from "./yaml-source.ts";

/** Everything the operator may set, with defaults filled in and secrets read. */
export type ServerConfig = RoomConfig & {
  domain: string;
  listen: { host: string; port: number };
  /** Scheme and port of every link; without a trailing slash. */
  publicUrl: string;
  dashboardHost: string | null;
  /** Addresses and ranges whose `X-Forwarded-*` headers are believed. */
  trustedProxies: string[];
  /** What one client address may have open at once. */
  clients: { requests: number; connections: number };
  state: string;
  github: GitHubConfig;
  /** `unix:///…` or `tcp://…`. */
  engine: { host: string };
  network: { pool: string; egress: "internet" | "none" };
  /** `memoryBytes` for each build; what a fork's may reach is `forkEgress`. */
  builds: { parallel: number; memoryBytes: number; timeoutMs: number; forkEgress: "internet" | "none" };
  /** Previews that are up at once, of all repositories. */
  max: number;
  defaults: RepositorySettings;
  /** By `owner/name` or `owner/*`, in lower case. Null: every repository that sends us signed events. */
  repositories: Record<string, RepositorySettings> | null;
  /** By registry host. */
  registries: Record<string, { username: string; password: string }>;
  apiToken: string | null;
  tokens: { name: string; sha256: string; scopes: Scope[] }[];
  notify: { kind: "slack" | "teams" | "webhook"; url: string; level: "info" | "warn" | "error" }[];
  audit: { keepMs: number };
  /** OpenTelemetry's collector; null without one. */
  telemetry: { endpoint: string } | null;
  /** What git takes from our own environment: where it is, proxies, certificates. */
  gitEnvironment: Record<string, string>;
  /** Data from the operator's side that manifests may name. */
  sources: Source[];
  /** What data of all previews may take, as far as unused snapshots can give way; null without a limit. */
  data: { budgetBytes: number | null };
  /** Where previews' secrets are read, at the time a deployment asks for them. */
  secretSources: SecretSources;
  /** The server file's path, for people. */
  path: string;
};

export type GitHubConfig = {
  apiUrl: string;
  webUrl: string;
  token: string | null;
  app: { id: number; privateKey: string } | null;
  /** For signing people in. */
  oauth: { clientId: string; clientSecret: string } | null;
  webhookSecrets: string[];
  pollMs: number;
};

/**
 * The server's configuration. `text` is the server file's, null when there is none; the environment's secrets
 * (`MAYFLY_GITHUB_TOKEN`, `MAYFLY_WEBHOOK_SECRET`, `MAYFLY_API_TOKEN`, each also as `…_FILE`) win over the file's.
 * Throws InputError with the place of the first thing wrong.
 */
export function loadServerConfig(source: ServerFileSource): ServerConfig {
  const { node, file, path } = readServerFile(source);
  const readSecret = (secret: Secret, path: Path) => resolveSecret(secret, placeOf(node, path), source);
  const defaults = mergeSettings(defaultSettings, file.defaults, (name) =>
    placeOf(node, ["defaults", "secrets", name]),
  );
  return {
    domain: file.domain ?? "preview.localhost",
    ...placeFrom({ file, node, source }),
    publicUrl: (file.public_url ?? "http://localhost:8080").replace(/\/+$/, ""),
    dashboardHost: file.dashboard?.host.toLowerCase() ?? null,
    trustedProxies: file.trusted_proxies ?? [],
    clients: { requests: file.clients?.requests ?? 2000, connections: file.clients?.connections ?? 4000 },
    github: readGithub(file.github ?? {}, { node, readSecret, source }),
    engine: { host: file.engine?.host ?? "unix:///var/run/docker.sock" },
    network: { pool: file.network?.pool ?? "10.213.0.0/16", egress: file.network?.egress ?? "internet" },
    builds: {
      parallel: file.builds?.parallel ?? 2,
      memoryBytes: file.builds?.memory ?? 4 * 1024 ** 3,
      timeoutMs: file.builds?.timeout ?? 20 * 60_000,
      forkEgress: file.builds?.fork_egress ?? "none",
    },
    max: file.max ?? 100,
    ...readRoom(file),
    defaults,
    repositories: file.repositories === undefined ? null : readRepositories(file.repositories, defaults, node),
    registries: Object.fromEntries(
      Object.entries(file.registries ?? {}).map(([host, { username, password }]) => [
        host,
        { username, password: readSecret(password, ["registries", host, "password"]) },
      ]),
    ),
    tokens: file.tokens ?? [],
    notify: readNotify(file.notify ?? {}, readSecret),
    audit: { keepMs: file.audit?.keep ?? 90 * 86_400_000 },
    telemetry: file.telemetry ?? null,
    sources: readSources(file.sources ?? {}, path, (at) => placeOf(node, ["sources", ...at])),
    data: { budgetBytes: file.data?.budget ?? null },
    gitEnvironment: pickGitEnvironment(source.environment),
    secretSources: { environment: source.environment, readFile: source.readFile },
    path,
  };
}

export type ServerPlace = Pick<ServerConfig, "listen" | "state" | "apiToken">;

/** Where the server is to be found, without the secrets that it alone has. Throws InputError as `loadServerConfig`. */
export function loadServerPlace(source: ServerFileSource): ServerPlace {
  return placeFrom({ ...readServerFile(source), source });
}

type ServerFileSource = { path: string | null; text: string | null } & SecretSources;

function readServerFile({ path: found, text }: ServerFileSource): { path: string; node: YamlNode; file: ServerFile } {
  const path = found ?? "server.yaml";
  const node = readYaml(path, text ?? "") ?? mapNode({ file: path, line: 1, column: 1 }, []);
  return { path, node, file: conform(ServerFile, node, "compose/server.example.yaml shows every key and its forms.") };
}

function placeFrom(read: { file: ServerFile; node: YamlNode; source: SecretSources }): ServerPlace {
  return {
    listen: parseListen(read.file.listen ?? "127.0.0.1:8080", read.node),
    state: read.file.state ?? "./state",
    apiToken: environmentSecret("MAYFLY_API_TOKEN", read.source),
  };
}

/** Where people see the dashboard, without a trailing slash. */
export function dashboardOriginOf({
  dashboardHost,
  publicUrl,
}: Pick<ServerConfig, "dashboardHost" | "publicUrl">): string {
  return dashboardHost === null ? publicUrl : previewLink(dashboardHost, publicUrl);
}

/** Whether previews of this repository (`owner/name`) are made: all where the server file names none. */
export function isOurs(config: ServerConfig, repository: string): boolean {
  return config.repositories === null || entryOf(config, repository) !== undefined;
}

/** What holds for one repository: its own entry, else its owner's `owner/*`, else the defaults. */
export function settingsFor(config: ServerConfig, repository: string): RepositorySettings {
  return entryOf(config, repository) ?? config.defaults;
}

function entryOf({ repositories }: ServerConfig, repository: string): RepositorySettings | undefined {
  const wanted = repository.toLowerCase();
  return repositories?.[wanted] ?? repositories?.[everyOneOf(wanted)];
}

function everyOneOf(repository: string): string {
  return `${repository.split("/")[0]}/*`;
}

/** A repository's own entry stands over its owner's `owner/*`, which stands over the defaults. */
function readRepositories(
  written: NonNullable<ServerFile["repositories"]>,
  defaults: RepositorySettings,
  node: YamlNode,
): Record<string, RepositorySettings> {
  const merge = (base: RepositorySettings, name: string) =>
    mergeSettings(base, written[name], (secret) => placeOf(node, ["repositories", name, "secrets", secret]));
  const names = Object.keys(written);
  const read: Record<string, RepositorySettings> = {};
  for (const name of names.filter((each) => each.endsWith("/*"))) read[name.toLowerCase()] = merge(defaults, name);
  for (const name of names.filter((each) => !each.endsWith("/*"))) {
    read[name.toLowerCase()] = merge(read[everyOneOf(name.toLowerCase())] ?? defaults, name);
  }
  return read;
}

type ReadSecret = (secret: Secret, path: Path) => string;

function readGithub(
  github: NonNullable<ServerFile["github"]>,
  { node, readSecret, source }: { node: YamlNode; readSecret: ReadSecret; source: SecretSources },
): GitHubConfig {
  const read = (secret: Secret, path: Path) => readSecret(secret, ["github", ...path]);
  const readKey = (secret: Secret, path: Path) =>
    readPrivateKey(read(secret, path), placeOf(node, ["github", ...path]));
  const written = github.webhook_secret;
  const listed = written === undefined ? [] : Array.isArray(written) ? written : [written];
  const webhookSecret = environmentSecret("MAYFLY_WEBHOOK_SECRET", source);
  const token = environmentSecret("MAYFLY_GITHUB_TOKEN", source);
  const { app, oauth } = github;
  return {
    apiUrl: (github.api_url ?? "https://api.github.com").replace(/\/+$/, ""),
    webUrl: (github.web_url ?? "https://github.com").replace(/\/+$/, ""),
    token: token ?? (github.token === undefined ? null : read(github.token, ["token"])),
    app: app ? { id: app.id, privateKey: readKey(app.private_key, ["app", "private_key"]) } : null,
    oauth: oauth
      ? { clientId: oauth.client_id, clientSecret: read(oauth.client_secret, ["oauth", "client_secret"]) }
      : null,
    webhookSecrets:
      webhookSecret === null ? listed.map((secret, index) => read(secret, ["webhook_secret", index])) : [webhookSecret],
    pollMs: github.poll ?? 5 * 60_000,
  };
}

function readNotify(notify: NonNullable<ServerFile["notify"]>, readSecret: ReadSecret): ServerConfig["notify"] {
  return (["slack", "teams", "webhook"] as const).flatMap((kind) => {
    const channel = notify[kind];
    if (channel === undefined) return [];
    const { url, level = "warn" } = typeof channel === "object" && "url" in channel ? channel : { url: channel };
    return [{ kind, url: readSecret(url, ["notify", kind]), level }];
  });
}

const gitNames = [
  "PATH",
  "http_proxy",
  "https_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "no_proxy",
  "NO_PROXY",
  "GIT_SSL_CAINFO",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

function pickGitEnvironment(environment: SecretSources["environment"]): Record<string, string> {
  const found = gitNames.map((name) => [name, environment[name]] as const);
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
