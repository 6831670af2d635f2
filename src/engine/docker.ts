import Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";

/** The API that every call is made against: the engine's own news cannot change what we mean. */
const apiVersion = "v1.45";

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOENT",
  "EACCES",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EHOSTUNREACH",
]);

/** What names in a path consist of: dockerode puts them in as they are, and anything else could make another call of it. */
const plainPath = /^(?:\/(?!\.{1,2}(?:\/|\??$))[\w.:@-]+)+\??$/;

/** The most that is told of what the engine says. */
const textLimit = 1000;

/** A part that the types of docker-modem keep to themselves. */
type Requests = { buildRequest(options: object, ...rest: unknown[]): void };

type CallError = Error & { code?: string; statusCode?: number; json?: { message?: string } | null };

/**
 * Opens the engine at `unix:///path` or `tcp://host:port`; nothing is sent yet. Every failing call throws
 * EngineError `engine-unreachable` or `engine-refused`, except one ended by its own signal. Only a path of plain names
 * is called, and no redirect is followed.
 */
export function connect(host: string): Docker {
  const docker = new Docker({ ...addressOf(host), version: apiVersion });
  const { modem } = docker;
  const dial = modem.dial.bind(modem);
  modem.dial = (options, callback) => {
    const call = `${options.method} ${options.path.replace(/\?$/, "").slice(0, 300)}`;
    if (!plainPath.test(options.path)) return callback?.(new EngineError("engine-refused", `${call} is no call`), null);
    dial(options, (error, result) => callback?.(error ? toEngineError(error, call) : null, result));
  };
  // docker-modem follows a redirect to a URL without a host, and throws where nobody can catch it.
  const requests = modem as unknown as Requests;
  const buildRequest = requests.buildRequest.bind(modem);
  requests.buildRequest = (options, ...rest) => buildRequest({ ...options, maxRedirects: 0 }, ...rest);
  return docker;
}

/** Answers null instead of throwing when the engine refuses with one of these statuses: "already so" is success. */
export async function allow<T>(call: Promise<T>, ...statuses: number[]): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}

/** The HTTP status the engine refused with, when it did. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof EngineError ? (error.cause as CallError | undefined)?.statusCode : undefined;
}

/** The engine's own words for a refusal. */
export function textOf(error: unknown): string {
  const cause = error instanceof EngineError ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const { json, message } = cause as CallError;
  return (json?.message ?? message)
    .slice(0, textLimit)
    .replace(/^\(HTTP code \d+\) \w[\w ]{0,40} - /, "")
    .trim();
}

/** Epoch milliseconds of the engine's RFC 3339 timestamp; null for its "never" (year 1). */
export function parseTime(text: string | undefined): number | null {
  // oxlint-disable-next-line no-restricted-globals -- reads a timestamp, not the time
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) || time < 0 ? null : time;
}

/** Whether the engine at that host shares this machine's kernel. */
export function isOnThisMachine(host: string): boolean {
  return host.startsWith("unix://");
}

function addressOf(host: string): Docker.DockerOptions {
  // Both forms name every key: docker-modem fills what is missing from the process's DOCKER_HOST.
  if (isOnThisMachine(host)) return { socketPath: host.slice("unix://".length), host: undefined, port: undefined };
  const url = new URL(host);
  return { host: url.hostname, port: url.port || "2375", protocol: "http", socketPath: undefined };
}

function toEngineError(error: CallError, call: string): Error {
  if (error.name === "AbortError") return error;
  if (error.code !== undefined && unreachable.has(error.code)) {
    const message = `the engine does not answer ${call}: ${error.message}`;
    return new EngineError("engine-unreachable", message, { cause: error, retry: "backoff" });
  }
  const passing = error.statusCode === undefined || error.statusCode === 409 || error.statusCode >= 500;
  return new EngineError("engine-refused", `the engine refused ${call}: ${textOf(error)}`, {
    cause: error,
    retry: passing ? "backoff" : "never",
  });
}
