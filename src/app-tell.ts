import type Docker from "dockerode";
import type { Logger } from "pino";
import type { AccessDesk } from "./app-access.ts";
import type { Site } from "./app-site.ts";
import type { ServerConfig } from "./config/server.ts";
import { MayflyError, RemoteError } from "./domain/errors.ts";
import { isLocal } from "./domain/local.ts";
import { isUnwanted, type Preview } from "./domain/preview.ts";
import { readShare } from "./domain/share.ts";
import { type Clock, formatSpan } from "./domain/time.ts";
import { isKeeping } from "./domain/verbs.ts";
import { follow } from "./engine/logs.ts";
import type { GitHubClient } from "./feedback/github-client.ts";
import { createPublisher, type Published } from "./feedback/publish.ts";
import { maskSecrets } from "./feedback/masking.ts";
import type { Keeper } from "./secrets/keeper.ts";
import type { RunResult } from "./reconcile/queue.ts";
import type { StoredRequest } from "./store/requests.ts";
import type { Store } from "./store/store.ts";

type Options = {
  config: ServerConfig;
  store: Store;
  client: GitHubClient;
  site: Site;
  access: AccessDesk;
  docker: Docker;
  server: string;
  keeper: Keeper;
  learn(key: string): Promise<void>;
  clock: Clock;
  log: Logger;
};

/** Makes the loop's third station: brings a pull request up to date with what is so, and answers its commands. */
export function createTeller(options: Options): (key: string, signal: AbortSignal) => Promise<RunResult> {
  const { store, client, log } = options;
  const publisher = createPublisher({ client, memory: store.published<Published>(), log });
  const answer = async (request: StoredRequest, preview: Preview, signal: AbortSignal): Promise<void> => {
    const told = await answerOf(request, preview, { ...options, signal });
    await publisher.answer(request, told);
    if (told.final) store.requests.close(request.commentId);
  };
  return async (key, signal) => {
    const preview = store.wishes.get(key);
    // What `mayfly up` made has nobody to be told.
    if (preview === null || isLocal(preview.repositoryId)) return { kind: "done" };
    // Each by itself: a conversation that is locked must not keep the status from being told.
    const told = [
      ...store.requests.open(key).map((request) => () => answer(request, preview, signal)),
      ...(isWorthTelling(preview)
        ? [() => publisher.publish(options.site.view(preview), detailsOf(preview, options))]
        : []),
    ];
    const failures: MayflyError[] = [];
    for (const tell of told) {
      await tell().catch((error: unknown) => {
        if (!(error instanceof MayflyError)) throw error;
        failures.push(error);
      });
    }
    return afterFailures(key, failures, log);
  };
}

function afterFailures(preview: string, failures: readonly MayflyError[], log: Logger): RunResult {
  for (const error of failures) log.warn({ preview, code: error.code, err: error }, "the pull request was not told");
  const passing = failures.filter((error) => error.retry === "backoff");
  if (passing.length === 0) return { kind: "done" };
  const waits = passing.map((error) => (error instanceof RemoteError ? (error.retryAfterMs ?? 0) : 0));
  return { kind: "backoff", atLeastMs: Math.max(...waits) };
}

/** A pull request that was closed before anything ran hears nothing from us, nor does one that is not there. */
function isWorthTelling({ spec, repository }: Preview): boolean {
  if (spec.reason === "unread" || spec.reason === "repository-gone" || repository === "") return false;
  return spec.wanted !== "absent" || spec.generation > 0 || isUnwanted(spec);
}

function detailsOf(preview: Preview, { config, store, site, keeper, clock }: Options) {
  return {
    preview,
    deployments: store.attempts.of(preview.key),
    timeline: store.timeline.of(preview.key),
    now: clock.now(),
    webUrl: config.github.webUrl,
    pageUrl: `${site.dashboardOrigin}/previews/${preview.slug}`,
    secrets: keeper.known(preview.repositoryId),
  };
}

type Told = { reaction: NonNullable<StoredRequest["reaction"]>; text?: string | null; final: boolean };

/** What a commenter is told now: seen at once, and how it ended when it has. */
async function answerOf(
  request: StoredRequest,
  preview: Preview,
  options: Options & { signal: AbortSignal },
): Promise<Told> {
  if (request.state === "answered") return { reaction: request.reaction ?? "+1", text: request.answer, final: true };
  if (request.state === "waiting") return { reaction: "eyes", final: false };
  if (request.verb === "logs") return { reaction: "+1", text: await lastLines(request, preview, options), final: true };
  if (request.verb === "share") return { reaction: "+1", text: shareText(request, preview, options), final: true };
  if (request.verb !== "misspelled" && isKeeping(request.verb)) return { reaction: "+1", final: true };
  if (request.verb === "destroy")
    return preview.goneAt === null && preview.spec.reason === "destroyed"
      ? { reaction: "eyes", final: false }
      : { reaction: "rocket", final: true };
  const attempt = options.store.attempts.of(preview.key).find((each) => each.generation === request.generation);
  // Overtaken before it began: what the person asked for is part of what came after.
  const overtaken = preview.spec.wanted !== "running" || (request.generation ?? 0) < preview.spec.generation;
  if (!attempt) return { reaction: overtaken ? "+1" : "eyes", final: overtaken };
  switch (attempt.phase) {
    case "ready":
      return { reaction: "rocket", final: true };
    case "failed":
      return { reaction: "confused", final: true };
    case "superseded":
      return { reaction: "+1", final: true };
    default:
      return { reaction: "eyes", final: false };
  }
}

function shareText(request: StoredRequest, preview: Preview, { access, site }: Options): string {
  const asked = readShare(request.argument);
  if (asked.kind !== "link")
    return "Every link, cookie and key given out so far has ended. The link in the preview's comment is a new one.";
  const host = site.hostOf(preview.slug);
  const link = `[${host}](${access.shareOf(preview, host, request.receivedAt + asked.forMs)})`;
  return access.accessTo(preview) === "public"
    ? `${link} is open to everybody: its link needs no key.`
    : `${link} lets in whoever has it, for ${formatSpan(asked.forMs)}. \`/share off\` ends it before.`;
}

const linesTold = 30;

async function lastLines(
  request: StoredRequest,
  preview: Preview,
  options: Options & { signal: AbortSignal },
): Promise<string> {
  const { docker, server, keeper, site } = options;
  const service = request.argument;
  const target = { server, preview: preview.key, ...(service !== null && { service }) };
  const lines: string[] = [];
  await options.learn(preview.key);
  for await (const { service: name, line } of follow(docker, target, {
    tail: linesTold,
    live: false,
    signal: options.signal,
  }))
    lines.push(`${name}  ${line}`);
  if (lines.length === 0)
    return service === null
      ? "Nothing runs, so there are no lines."
      : "There is no such service, or it has written nothing.";
  // A fence longer than any that a line could close it with.
  const fence = "`".repeat(Math.max(3, ...lines.map((line) => (/`+/.exec(line)?.[0].length ?? 0) + 1)));
  const masked = maskSecrets(lines.slice(-linesTold).join("\n"), keeper.known(preview.repositoryId));
  const text = masked.replaceAll(/(.{300}).+/g, "$1");
  return `${fence}text\n${text}\n${fence}\nThe whole log: ${site.dashboardOrigin}/previews/${preview.slug}`;
}
