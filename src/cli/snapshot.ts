import { setTimeout as sleep } from "node:timers/promises";
import { cleanText } from "../domain/clean-text.ts";
import { InputError, MayflyError } from "../domain/errors.ts";
import type { DataUse, SnapshotView } from "../domain/snapshot.ts";
import type { SourceView } from "../domain/source.ts";
import { formatSpan } from "../domain/time.ts";
import type { ApiClient } from "./api-client.ts";
import { type Command, clientOptions, type ExitCode, type Input } from "./command.ts";
import { connect } from "./connection.ts";
import { describeSnapshot, describeSource, readWords, sizeWords } from "./snapshot-words.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

type Act = (client: ApiClient, input: Input, terminal: Terminal) => Promise<ExitCode>;

const acts: Readonly<Record<string, Act>> = { ls, show, build, refresh, rm };

/** `mayfly snapshot ls|show|build|refresh|rm`: the data that previews branch from, and the sources that it comes from. */
export const snapshot: Command = {
  args: "ls|show|build|refresh|rm [NAME]",
  help: "list, show, build or remove what previews branch from; refresh a source",
  options: clientOptions,
  async run(input, terminal) {
    const [name = ""] = input.positionals;
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
    if (act === undefined) throw misused(`there is no snapshot command "${name}"`);
    return act(connect(input, terminal), input, terminal);
  },
};

type Listed = { snapshots: SnapshotView[]; sources: SourceView[]; use: DataUse };

async function ls(client: ApiClient, input: Input, { print, columns, now }: Terminal): Promise<ExitCode> {
  const { snapshots, sources, use } = await client.get<Listed>("/api/snapshots");
  if (input.values["json"] === true) {
    print(JSON.stringify(snapshots, null, 2));
    return 0;
  }
  if (snapshots.length === 0) print("No snapshots yet: the first preview with a seed has one built.");
  else {
    const head = ["OF", "ID", "TRUST", "SOURCE", "BUILT", "USED", "SIZE", "PREVIEWS"];
    for (const line of formatTable([head, ...snapshots.map((each) => rowOf(each, now()))], columns)) print(line);
    print(useWords(use));
  }
  for (const source of sources) print(cleanText(`source ${source.name}: ${readWords(source, now())}`));
  return 0;
}

async function show(client: ApiClient, input: Input, { print, now }: Terminal): Promise<ExitCode> {
  const view = await client.get<SnapshotView | SourceView>(pathOf(input));
  if (input.values["json"] === true) print(JSON.stringify(view, null, 2));
  else {
    const lines = view.kind === "source" ? describeSource(view, now()) : describeSnapshot(view, now());
    for (const line of lines) print(cleanText(line));
  }
  return 0;
}

/** Waits until it is built, so that a script knows how it ended. */
async function build(client: ApiClient, input: Input, terminal: Terminal): Promise<ExitCode> {
  const before = await client.get<Listed>("/api/snapshots");
  const answer = await client.post<{ accepted: string; built: string[] }>(`${pathOf(input)}/build`);
  const waited = await Promise.all(answer.built.map((id) => awaitBuilt(client, { id, before: before.snapshots })));
  if (input.values["json"] === true) terminal.print(JSON.stringify(waited, null, 2));
  else
    for (const view of waited)
      terminal.print(`${view.id} is what new previews branch from, built in ${formatSpan(view.tookMs)}.`);
  return 0;
}

type Wait = { id: string; before: readonly SnapshotView[] };

async function awaitBuilt(client: ApiClient, { id, before }: Wait): Promise<SnapshotView> {
  const old = before.find((view) => view.id === id);
  for (;;) {
    const { snapshots } = await client.get<Listed>("/api/snapshots");
    const now = snapshots.find(({ key, newest }) => key === old?.key && newest);
    if (now !== undefined && now.id !== id) return now;
    if (now?.failure && now.failure.at !== old?.failure?.at) throw failed(now.failure);
    await sleep(pollMs);
  }
}

/** Waits until the source was read, and what was loaded from it is built. */
async function refresh(client: ApiClient, input: Input, terminal: Terminal): Promise<ExitCode> {
  const path = pathOf(input);
  const before = await client.get<SourceView>(path);
  await client.post(`${path}/refresh`);
  for (;;) {
    const view = await client.get<SourceView>(path);
    const { read } = view;
    if (!view.isUnderWay && read !== null && read.triedAt !== before.read?.triedAt) {
      if (input.values["json"] === true) terminal.print(JSON.stringify(view, null, 2));
      else if (read.failure === null) terminal.print(`${view.name} was read; new previews get its new data.`);
      if (read.failure !== null) throw failed(read.failure, read.failure.words);
      return 0;
    }
    await sleep(pollMs);
  }
}

async function rm(client: ApiClient, input: Input, { print }: Terminal): Promise<ExitCode> {
  const answer = await client.delete<{ removed: string }>(pathOf(input));
  print(input.values["json"] === true ? JSON.stringify(answer) : `The snapshot ${answer.removed} is gone.`);
  return 0;
}

const pollMs = 1000;

function failed(
  { code, what, now }: Pick<NonNullable<SnapshotView["failure"]>, "code" | "what" | "now">,
  words?: string | null,
) {
  return new MayflyError(code, words ? `${what}\n${words}` : what, { hint: now });
}

function rowOf(view: SnapshotView, now: number): string[] {
  const { id, repository, service, trust, sources, builtAt, usedAt, bytes, branches, newest } = view;
  // Data that was replaced is kept for a day, and is no preview more.
  const readers = branches.length === 0 ? "-" : String(new Set(branches.map(({ preview }) => preview)).size);
  return [
    repository === null ? "source" : `${repository} ${service ?? ""}`,
    id,
    trust ?? "-",
    sources.join(", ") || "-",
    formatSpan(now - builtAt),
    formatSpan(now - usedAt),
    sizeWords(bytes),
    newest ? readers : `${readers}, old`,
  ];
}

function useWords({ snapshots, editions, branches, budget }: DataUse): string {
  const all = `${sizeWords(snapshots)} in snapshots, ${sizeWords(editions)} in sources, ${sizeWords(branches)} that previews wrote`;
  return budget === null ? all : `${all}: ${sizeWords(snapshots + editions + branches)} of ${sizeWords(budget)}`;
}

function pathOf({ positionals }: Input): string {
  const [act = "", id] = positionals;
  if (id === undefined) throw misused(`snapshot ${act} needs ${act === "refresh" ? "SOURCE" : "ID"}`);
  return `/api/snapshots/${encodeURIComponent(id)}`;
}

function misused(what: string): InputError {
  const hint = "Usage: mayfly snapshot ls, show ID or SOURCE, build ID or PREVIEW, refresh SOURCE, rm ID";
  return new InputError("usage", what, { hint });
}
