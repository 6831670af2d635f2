import { setTimeout as sleep } from "node:timers/promises";
import { InputError, MayflyError } from "../domain/errors.ts";
import type { LocalWork } from "../domain/local.ts";
import { formatSpan } from "../domain/time.ts";
import type { PreviewView } from "../domain/view.ts";
import type { ApiClient } from "./api-client.ts";
import { cleanText } from "../domain/clean-text.ts";
import { clientOptions, type Command, type ExitCode, type Input, textOf } from "./command.ts";
import { connect } from "./connection.ts";
import { startOwnServer } from "./own-server.ts";
import { failureLines, previewPath } from "./show.ts";
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
    const sent = await client.send<PreviewView>(`/api/local?${query(packed.work)}`, packed.pack());
    // Destroyed or expired since: sending the same files again means that it is wanted again.
    if (sent.phase === "gone" || sent.phase === "removing")
      await client.post(`${previewPath(sent.slug)}/deploy`).catch(onlyIfNothingChanged);
    return await follow(sent.slug, packed.work.commit, { client, input, terminal });
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
    const { slug } = await client.delete<PreviewView>(`/api/local?${query(work)}`);
    for (;;) {
      const view = await client.get<PreviewView>(previewPath(slug));
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
    return connect(input, terminal);
  }
}

/** Nobody listens, rather than somebody else. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

function onlyIfNothingChanged(error: unknown): void {
  // It is being deployed already.
  if (!(error instanceof InputError) && !(error instanceof MayflyError && error.code === "usage")) throw error;
}

type Following = { client: ApiClient; input: Input; terminal: Terminal };

/** Tells each phase as it begins, and how it ended. */
async function follow(slug: string, commit: string, { client, input, terminal }: Following): Promise<ExitCode> {
  const startedAt = terminal.now();
  const isJson = input.values["json"] === true;
  const elapsed = () => formatSpan(terminal.now() - startedAt);
  let told = "";
  for (;;) {
    const view = await client.get<PreviewView>(previewPath(slug));
    const outcome = outcomeOf(view, commit);
    if (outcome !== null) {
      if (isJson) terminal.print(JSON.stringify(view));
      else if (outcome === "ready") terminal.print(`${view.link}\n  ready at ${commit.slice(0, 7)}, in ${elapsed()}`);
      else tellFailure(view, terminal);
      return outcome === "ready" ? 0 : 1;
    }
    const phase = view.newest?.commit === commit ? view.newest.phase : "pending";
    if (phase !== told && !isJson) terminal.complain(`${elapsed().padStart(6)}  ${phase}`);
    told = phase;
    await sleep(pollMs);
  }
}

/** Null while it is under way. */
function outcomeOf({ serving, newest, phase }: PreviewView, commit: string): "ready" | "failed" | null {
  if (serving?.commit === commit) return "ready";
  const hasFailed = newest?.commit === commit && newest.phase === "failed";
  return phase === "blocked" || hasFailed ? "failed" : null;
}

function tellFailure(view: PreviewView, terminal: Terminal): void {
  const lines = [`${view.slug}: ${view.phase}${view.reason === null ? "" : `, ${view.reason}`}`, ...failureLines(view)];
  for (const line of lines) terminal.complain(cleanText(line));
}
