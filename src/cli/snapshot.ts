import { cleanText } from "../domain/clean-text.ts";
import { InputError } from "../domain/errors.ts";
import type { DataUse, SnapshotView } from "../domain/snapshot.ts";
import { formatSpan } from "../domain/time.ts";
import type { ApiClient } from "./api-client.ts";
import { type Command, clientOptions, type ExitCode, type Input } from "./command.ts";
import { connect } from "./connection.ts";
import { describeSnapshot, sizeWords } from "./snapshot-words.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

type Act = (client: ApiClient, input: Input, terminal: Terminal) => Promise<ExitCode>;

const acts: Readonly<Record<string, Act>> = { ls, show };

/** `mayfly snapshot ls|show`: the data that previews branch from. */
export const snapshot: Command = {
  args: "ls|show [ID]",
  help: "list or show the data that previews branch from",
  options: clientOptions,
  async run(input, terminal) {
    const [name = ""] = input.positionals;
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
    if (act === undefined) throw misused(`there is no snapshot command "${name}"`);
    return act(connect(input, terminal), input, terminal);
  },
};

async function ls(client: ApiClient, input: Input, { print, columns, now }: Terminal): Promise<ExitCode> {
  const { snapshots, use } = await client.get<{ snapshots: SnapshotView[]; use: DataUse }>("/api/snapshots");
  if (input.values["json"] === true) print(JSON.stringify(snapshots, null, 2));
  else if (snapshots.length === 0) print("No snapshots yet: the first preview with a seed has one built.");
  else {
    const head = ["OF", "ID", "TRUST", "SOURCE", "BUILT", "USED", "SIZE", "PREVIEWS"];
    for (const line of formatTable([head, ...snapshots.map((each) => rowOf(each, now()))], columns)) print(line);
    print(useWords(use));
  }
  return 0;
}

async function show(client: ApiClient, input: Input, { print, now }: Terminal): Promise<ExitCode> {
  const view = await client.get<SnapshotView>(`/api/snapshots/${encodeURIComponent(idOf(input))}`);
  if (input.values["json"] === true) print(JSON.stringify(view, null, 2));
  else for (const line of describeSnapshot(view, now())) print(cleanText(line));
  return 0;
}

function rowOf(view: SnapshotView, now: number): string[] {
  const { id, repository, service, trust, sources, builtAt, usedAt, bytes, branches, newest } = view;
  const readers = branches.length === 0 ? "-" : String(branches.length);
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

function idOf({ positionals }: Input): string {
  const [act = "", id] = positionals;
  if (id === undefined) throw misused(`snapshot ${act} needs ID`);
  return id;
}

function misused(what: string): InputError {
  const hint = "Usage: mayfly snapshot ls, mayfly snapshot show ID";
  return new InputError("usage", what, { hint });
}
