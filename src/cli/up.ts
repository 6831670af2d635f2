import { setTimeout as sleep } from "node:timers/promises";
import { MayflyError } from "../domain/errors.ts";
import type { LocalWork } from "../domain/local.ts";
import { formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import { type ApiClient, createApiClient } from "./api-client.ts";
import { cleanText } from "../domain/clean-text.ts";
import { clientOptions, type Command, type ExitCode, type Input, textOf } from "./command.ts";
import { connect } from "./connection.ts";
import { ownServerToken, ownServerUrl, startOwnServer } from "./own-server.ts";
import { failureLines, previewPath, stateOf } from "./show.ts";
import type { Terminal } from "./terminal.ts";
import { describeTree, packTree, type Tree } from "./working-tree.ts";

const options = { ...clientOptions, branch: { type: "string" } } as const;

/** `mayfly up [DIR]`: a preview of a directory's files as they are, or of a branch, without any forge. */
export const up: Command = {
  args: "[DIR]",
  help: "preview a local repository's working tree, or --branch NAME, without GitHub",
  options,
  async run(input, terminal) {
    const tree = treeOf(input);
    await using packed = await packTree(tree, terminal);
    const client = await clientOrOwnServer(input, terminal);
    const { commit } = packed.work;
    const sent = await client.send<PreviewView>(`/api/local?${query(packed.work)}`, packed.pack());
    // Sending the same files again means that they are wanted again.
    const verb = verbToTryAgain(sent, commit);
    if (verb !== null) await client.post(`${previewPath(sent.slug)}/${verb}`).catch(onlyIfNothingChanged);
    const before = sent.newest?.generation ?? 0;
    return await follow(sent.slug, { commit, before, isAnew: verb !== null }, { client, input, terminal });
  },
};

/** `mayfly down [DIR]`: removes what `up` made of the same directory and branch. */
export const down: Command = {
  args: "[DIR]",
  help: "remove the preview that `up` made of a directory",
  options,
  async run(input, terminal) {
    const work = await describeTree(treeOf(input), terminal);
    const client = connect(input, terminal);
    const { slug, newest } = await client.delete<PreviewView>(`/api/local?${query(work)}`);
    for (;;) {
      const view = await client.get<PreviewView>(previewPath(slug));
      if (isNewer(view, newest?.generation ?? 0)) {
        terminal.complain(`${slug}: it was brought back meanwhile`);
        return 1;
      }
      if (view.phase === "gone") {
        terminal.print(input.values["json"] === true ? JSON.stringify(view) : `${slug} is gone, with its data.`);
        return 0;
      }
      await sleep(pollMs);
    }
  },
};

const pollMs = 250;

function treeOf(input: Input): Tree {
  return { directory: input.positionals[0] ?? ".", branch: textOf(input, "branch") ?? null };
}

function query(work: Partial<LocalWork>): string {
  return new URLSearchParams(work).toString();
}

/** The server that is named or runs here; where none was named and none runs, one of this user's own. */
async function clientOrOwnServer(input: Input, terminal: Terminal): Promise<ApiClient> {
  const client = connect(input, terminal);
  try {
    await client.get("/api/previews");
    return client;
  } catch (error) {
    const named = textOf(input, "server") ?? terminal.environment["MAYFLY_SERVER"];
    const absent = error instanceof MayflyError && error.code === "server-unreachable" && isRefused(error.cause);
    if (named !== undefined || !absent) throw error;
    await startOwnServer(terminal);
    return createApiClient({ server: ownServerUrl, token: ownServerToken(terminal.environment) });
  }
}

/** Nobody listens, rather than somebody else. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

function onlyIfNothingChanged(error: unknown): void {
  // It is being deployed already.
  if (!(error instanceof MayflyError && error.code === "nothing-changed")) throw error;
}

/** What was destroyed, expired or failed since it was sent. */
function verbToTryAgain({ phase, newest }: PreviewView, commit: string): "deploy" | "redeploy" | null {
  if (phase === "gone" || phase === "removing") return "deploy";
  return newest?.commit === commit && newest.phase === "failed" ? "redeploy" : null;
}

/** `before`: the newest attempt when it was sent; of these files too where they are tried anew. */
type Sent = { commit: string; before: number; isAnew: boolean };
type Following = { client: ApiClient; input: Input; terminal: Terminal };

/** Tells each phase as it begins, and how it ended. */
async function follow(slug: string, sent: Sent, { client, input, terminal }: Following): Promise<ExitCode> {
  const { commit } = sent;
  const startedAt = terminal.now();
  const isJson = input.values["json"] === true;
  const elapsed = () => formatSpan(terminal.now() - startedAt);
  let told = "";
  let wasThere = false;
  for (;;) {
    const view = await client.get<PreviewView>(previewPath(slug));
    const isOurs = view.newest?.commit === commit && !(sent.isAnew && !isNewer(view, sent.before));
    const outcome = outcomeOf(view, sent, { isOurs, wasThere });
    if (outcome !== null) {
      if (isJson) terminal.print(JSON.stringify(view));
      else if (outcome === "ready") terminal.print(`${view.link}\n  ready at ${commit.slice(0, 7)}, in ${elapsed()}`);
      else if (outcome === "failed") tellFailure(view, terminal);
      else terminal.complain(`${slug}: ${outcome} meanwhile`);
      return outcome === "ready" ? 0 : 1;
    }
    wasThere ||= isOurs;
    const phase = (isOurs && view.newest?.phase) || "pending";
    const stalled = isOurs ? view.newest?.reason : null;
    const why = view.queue === null ? (stalled ?? null) : view.reason;
    const line = why === null ? phase : `${phase}, ${why}`;
    if (line !== told && !isJson) terminal.complain(`${elapsed().padStart(6)}  ${line}`);
    told = line;
    await sleep(pollMs);
  }
}

type Outcome = "ready" | "failed" | "it was removed" | "other files were sent";

/** Null while it is under way. */
function outcomeOf(
  view: PreviewView,
  { commit, before }: Sent,
  { isOurs, wasThere }: { isOurs: boolean; wasThere: boolean },
): Outcome | null {
  const { serving, newest, phase } = view;
  if (serving?.commit === commit) return "ready";
  if (phase === "blocked" || (isOurs && newest?.phase === "failed")) return "failed";
  if (phase === "gone" && (wasThere || isNewer(view, before))) return "it was removed";
  const isOthers = isNewer(view, before) && newest?.commit !== commit;
  return isOthers && (wasThere || newest?.phase === "ready" || newest?.phase === "failed")
    ? "other files were sent"
    : null;
}

function isNewer({ newest }: PreviewView, generation: number): boolean {
  return newest !== null && newest.generation > generation;
}

function tellFailure(view: PreviewView, terminal: Terminal): void {
  const lines = [`${view.slug}: ${stateOf(view)}`, ...failureLines(view)];
  for (const line of lines) terminal.complain(cleanText(line));
}
