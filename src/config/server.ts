import { InputError } from "../domain/errors.ts";
import { conform } from "./explain.ts";
import { environmentSecret, resolveSecret, type SecretSources } from "./secrets.ts";
import { type Repository, type Secret, ServerFile } from "./server-file.ts";
import { mapNode, placeOf, type YamlNode } from "./yaml-node.ts";
import { readYaml } from "./yaml-source.ts";

/** Everything the operator may set, with defaults filled in and secrets read. */
export type ServerConfig = {
  domain: string;
  listen: { host: string; port: number };
  /** Scheme and port of every link; without a trailing slash. */
  publicUrl: string;
  dashboardHost: string | null;
  state: string;
  github: { apiUrl: string; webUrl: string; token: string | null; webhookSecrets: string[]; pollMs: number };
  /** `unix:///…` or `tcp://…`. */
  engine: { host: string };
  network: { pool: string; egress: "internet" | "none" };
  builds: { parallel: number; timeoutMs: number };
  defaults: RepositorySettings;
  /** Null: every repository that sends us signed events. */
  repositories: Record<string, Partial<RepositorySettings>> | null;
  apiToken: string | null;
  /** What git takes from our own environment: where it is, proxies, certificates. */
  gitEnvironment: Record<string, string>;
};

/** `limits` is for a whole preview, not for a container. */
export type RepositorySettings = { limits: { cpus: number; memoryBytes: number; pids: number; services: number } };

/** What a preview may use when the server file does not say. */
export const defaultLimits = { cpus: 2, memoryBytes: 2 * 1024 ** 3, pids: 1024, services: 30 };

/**
 * The server's configuration. `text` is the server file's, null when there is none; the environment's secrets
 * (`MAYFLY_GITHUB_TOKEN`, `MAYFLY_WEBHOOK_SECRET`, `MAYFLY_API_TOKEN`, each also as `…_FILE`) win over the file's.
 * Throws InputError with the place of the first thing wrong.
 */
export function loadServerConfig(source: { path: string | null; text: string | null } & SecretSources): ServerConfig {
  const path = source.path ?? "server.yaml";
  const node = readYaml(path, source.text ?? "") ?? mapNode({ file: path, line: 1, column: 1 }, []);
  const file = conform(ServerFile, node);
  const limits = mergeLimits(defaultLimits, file.defaults);
  return {
    domain: file.domain ?? "preview.localhost",
    listen: parseListen(file.listen ?? "127.0.0.1:8080", node),
    publicUrl: (file.public_url ?? "http://localhost:8080").replace(/\/+$/, ""),
    dashboardHost: file.dashboard?.host.toLowerCase() ?? null,
    state: file.state ?? "./state",
    github: readGithub(file.github ?? {}, node, source),
    engine: { host: file.engine?.host ?? "unix:///var/run/docker.sock" },
    network: { pool: file.network?.pool ?? "10.213.0.0/16", egress: file.network?.egress ?? "internet" },
    builds: { parallel: file.builds?.parallel ?? 2, timeoutMs: file.builds?.timeout ?? 20 * 60_000 },
    defaults: { limits },
    repositories: file.repositories === undefined ? null : mergeRepositories(file.repositories, limits),
    apiToken: environmentSecret("MAYFLY_API_TOKEN", source),
    gitEnvironment: pickGitEnvironment(source.environment),
  };
}

/** What holds for one repository (`owner/name`): its own entry, else its owner's `owner/*`; null when it is not one of ours. */
export function settingsFor(config: ServerConfig, repository: string): RepositorySettings | null {
  if (config.repositories === null) return config.defaults;
  const wanted = repository.toLowerCase();
  const pattern = `${wanted.split("/")[0]}/*`;
  const entries = Object.entries(config.repositories);
  const find = (name: string) => entries.find(([key]) => key.toLowerCase() === name)?.[1];
  const own = find(wanted) ?? find(pattern);
  return own ? { ...config.defaults, ...own } : null;
}

function readGithub(
  github: NonNullable<ServerFile["github"]>,
  node: YamlNode,
  sources: SecretSources,
): ServerConfig["github"] {
  const read = (secret: Secret, path: PropertyKey[]) =>
    resolveSecret(secret, placeOf(node, ["github", ...path]), sources);
  const written = github.webhook_secret;
  const listed = written === undefined ? [] : Array.isArray(written) ? written : [written];
  const webhookSecret = environmentSecret("MAYFLY_WEBHOOK_SECRET", sources);
  const token = environmentSecret("MAYFLY_GITHUB_TOKEN", sources);
  return {
    apiUrl: (github.api_url ?? "https://api.github.com").replace(/\/+$/, ""),
    webUrl: (github.web_url ?? "https://github.com").replace(/\/+$/, ""),
    token: token ?? (github.token === undefined ? null : read(github.token, ["token"])),
    webhookSecrets:
      webhookSecret === null ? listed.map((secret, index) => read(secret, ["webhook_secret", index])) : [webhookSecret],
    pollMs: github.poll ?? 5 * 60_000,
  };
}

function mergeRepositories(
  repositories: Record<string, Repository | null>,
  limits: RepositorySettings["limits"],
): Record<string, Partial<RepositorySettings>> {
  return Object.fromEntries(
    Object.entries(repositories).map(([name, own]) => [name, own?.limits ? { limits: mergeLimits(limits, own) } : {}]),
  );
}

function mergeLimits(base: RepositorySettings["limits"], own: Repository | undefined): RepositorySettings["limits"] {
  const limits = own?.limits;
  return {
    cpus: limits?.cpus ?? base.cpus,
    memoryBytes: limits?.memory ?? base.memoryBytes,
    pids: limits?.pids ?? base.pids,
    services: limits?.services ?? base.services,
  };
}

function parseListen(text: string, node: YamlNode): ServerConfig["listen"] {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) {
    throw new InputError("invalid-value", `listen must be HOST:PORT, not "${text}"`, {
      place: placeOf(node, ["listen"]),
    });
  }
  const host = (match[1] ?? "").replaceAll(/[[\]]/g, "");
  return { host: host === "" ? "0.0.0.0" : host, port };
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
