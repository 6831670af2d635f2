import type { Logger } from "pino";
import type { AccessDesk } from "./app-access.ts";
import type { Site } from "./app-site.ts";
import type { Ground } from "./app-state.ts";
import { MayflyError, RemoteError } from "./domain/errors.ts";
import { isLocal } from "./domain/local.ts";
import { isUnwanted, type Preview } from "./domain/preview.ts";
import { follow } from "./engine/logs.ts";
import { commandState, logsText, shareText } from "./feedback/answer.ts";
import type { GitHubClient } from "./feedback/github-client.ts";
import type { Reaction } from "./feedback/github-conversation.ts";
import { createPublisher, type Published } from "./feedback/publish.ts";
import { maskLines, maskSecrets } from "./feedback/masking.ts";
import type { RunResult } from "./reconcile/queue.ts";
import type { StoredRequest } from "./store/requests.ts";

type Options = Ground & {
  client: GitHubClient;
  site: Site;
  access: AccessDesk;
  learn(key: string): Promise<void>;
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
    pageUrl: pageOf(preview, site),
    secrets: keeper.known(preview.repositoryId),
  };
}

type Told = { reaction: Reaction; text?: string | null; final: boolean };

async function answerOf(
  request: StoredRequest,
  preview: Preview,
  options: Options & { signal: AbortSignal },
): Promise<Told> {
  const { state, verb, argument } = request;
  const { access, site, store } = options;
  if (state === "answered") return { reaction: request.reaction ?? "+1", text: request.answer, final: true };
  if (state === "waiting") return { reaction: "eyes", final: false };
  if (verb === "logs") {
    const text = logsText(await lastLines(preview, argument, options), argument, pageOf(preview, site));
    return { reaction: "+1", text, final: true };
  }
  if (verb === "share") {
    const host = site.hostOf(preview.slug);
    const isPublic = access.accessTo(preview) === "public";
    const linkUntil = (until: number) => access.shareOf(preview, host, until);
    return { reaction: "+1", text: shareText(request, { host, isPublic, linkUntil }), final: true };
  }
  return commandState(request, preview, store.attempts.of(preview.key));
}

const linesTold = 30;

/** The last lines of a service, or of all without one; masked. */
async function lastLines(
  { key, repositoryId }: Preview,
  service: string | null,
  options: Options & { signal: AbortSignal },
): Promise<string[]> {
  const { docker, server, keeper, signal } = options;
  const target = { server, preview: key, ...(service !== null && { service }) };
  const lines: string[] = [];
  await options.learn(key);
  for await (const { service: name, line } of follow(docker, target, { tail: linesTold, live: false, signal }))
    lines.push(`${name}  ${line}`);
  return maskLines(lines.slice(-linesTold), (text) => maskSecrets(text, keeper.known(repositoryId)));
}

function pageOf({ slug }: Preview, { dashboardOrigin }: Site): string {
  return `${dashboardOrigin}/previews/${slug}`;
}
