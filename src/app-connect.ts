import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { pino } from "pino";
import { openConnectPage } from "./api/connect-page.ts";
import { clock, randomId } from "./app-outside.ts";
import type { ServerConfig } from "./config/server.ts";
import { addApp } from "./config/server-file-edit.ts";
import { InputError } from "./domain/errors.ts";
import { previewLink } from "./domain/naming.ts";
import { appManifest, type MadeApp, newAppUrl, takeApp } from "./feedback/github-manifest.ts";

export type ConnectRequest = {
  config: ServerConfig;
  /** The server file, which need not be there yet. */
  path: string;
  organization: string | null;
  /** Where the page listens on 127.0.0.1; 0 takes a free port. */
  port: number;
  /** Told the page's address as soon as it answers. */
  opened(url: string): void;
  signal: AbortSignal;
};

/** What was made, and which files were written. */
export type Connected = { id: number; slug: string; installUrl: string; files: string[]; hookUrl: string | null };

/**
 * Makes a GitHub App by one click in the browser, and writes its secrets (0600, beside the server file) and the server
 * file's lines. Throws InputError before GitHub is asked for anything, RemoteError.
 */
export async function connectGitHub(request: ConnectRequest): Promise<Connected> {
  const { config, path, organization, signal } = request;
  if (config.github.app !== null) {
    const hint = "Remove github.app from it first, or keep the App that is there.";
    throw new InputError("nothing-changed", `${path} names the GitHub App ${config.github.app.id} already`, { hint });
  }
  mustBeWritable(path);
  const state = randomId(40);
  const hookUrl = isReachable(config.publicUrl) ? `${config.publicUrl}/webhooks/github` : null;
  const dashboard =
    config.dashboardHost === null ? config.publicUrl : previewLink(config.dashboardHost, config.publicUrl);
  let connected: Connected | undefined;
  await using page = await openConnectPage({
    port: request.port,
    state,
    target: (redirectUrl) => ({
      url: newAppUrl(config.github.webUrl, organization, state),
      manifest: appManifest({
        name: `mayfly-${organization ?? new URL(config.publicUrl).hostname}`,
        publicUrl: config.publicUrl,
        hookUrl,
        redirectUrl,
        callbackUrl: `${dashboard}/sign-in/callback`,
      }),
    }),
    async finish(code) {
      const made = await takeApp(code, { apiUrl: config.github.apiUrl, clock, log: pino({ level: "silent" }) });
      const installUrl = `${made.url}/installations/new`;
      connected = { id: made.id, slug: made.slug, installUrl, files: writeApp(path, made, hookUrl !== null), hookUrl };
      return connected;
    },
  });
  request.opened(page.url);
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () =>
      reject(new InputError("nothing-changed", "nothing was connected: interrupted", { hint: "Run it again." })),
    );
  });
  await Promise.race([page.finished, interrupted]);
  if (connected === undefined) throw new Error("the page ended before the App was made");
  return connected;
}

/** Written before the server file names them: GitHub tells them only once. */
function writeApp(path: string, made: MadeApp, hasHook: boolean): string[] {
  const folder = dirname(path);
  mkdirSync(join(folder, "secrets"), { recursive: true, mode: 0o700 });
  const keep = (kind: string, secret: string): string => {
    const file = join(folder, "secrets", `${made.slug}.${kind}`);
    writeFileSync(file, secret, { mode: 0o600 });
    return file;
  };
  const key = keep("pem", made.privateKey);
  const client = keep("client-secret", made.clientSecret);
  const hook = hasHook && made.webhookSecret !== null ? keep("webhook-secret", made.webhookSecret) : null;
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  const text = addApp(before, {
    id: made.id,
    privateKeyFile: relative(folder, key),
    webhookSecretFile: hook && relative(folder, hook),
    clientId: made.clientId,
    clientSecretFile: relative(folder, client),
  });
  const mode = existsSync(path) ? statSync(path).mode & 0o777 : 0o600;
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
  return [path, key, client, ...(hook === null ? [] : [hook])];
}

function mustBeWritable(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (cause) {
    const hint = "Name another server file with --config, or run this as the user whom it belongs to.";
    throw new InputError("nothing-changed", `${dirname(path)} cannot be written to`, { cause, hint });
  }
}

/** Whether GitHub may deliver to this address; it refuses others when the App is made. */
function isReachable(url: string): boolean {
  const { hostname } = new URL(url);
  const isPrivate = /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)\.|^\[/.test(hostname);
  return hostname.includes(".") && !hostname.endsWith(".localhost") && !isPrivate;
}
