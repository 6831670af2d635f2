import { type AuditEntry, nameOfAsker } from "../domain/audit.ts";
import { InputError } from "../domain/errors.ts";
import { formatSpan, parseDuration } from "../domain/time.ts";
import { type Command, clientOptions, type Input, textOf } from "./command.ts";
import { connect } from "./connection.ts";
import { formatTable } from "./table.ts";

/** `mayfly audit`: who did what to which preview, newest first; for admins. */
export const audit: Command = {
  args: "",
  help: "tell who did what, to which preview, when, and from where",
  options: {
    ...clientOptions,
    since: { type: "string" },
    preview: { type: "string" },
    limit: { type: "string" },
  },
  async run(input, terminal) {
    const entries = await connect(input, terminal).get<AuditEntry[]>(`/api/audit?${queryOf(input)}`);
    if (input.values["json"] === true) terminal.print(JSON.stringify(entries, null, 2));
    else if (entries.length === 0) terminal.print("Nothing was done.");
    else {
      const rows = entries.map((entry) => rowOf(entry, terminal.now()));
      const table = [["AGE", "WHO", "FROM", "ACTION", "PREVIEW", "OUTCOME"], ...rows];
      for (const line of formatTable(table, terminal.columns)) terminal.print(line);
    }
    return 0;
  },
};

function queryOf(input: Input): string {
  const asked = ["since", "preview", "limit"].flatMap((name) => {
    const value = textOf(input, name);
    if (value === undefined) return [];
    if (name === "since" && parseDuration(value) === undefined)
      throw misused("--since must be a span such as 7d or 12h", value);
    if (name === "limit" && !/^[1-9]\d{0,3}$|^10000$/.test(value))
      throw misused("--limit must be a number up to 10000", value);
    return [[name, value] as [string, string]];
  });
  return new URLSearchParams(asked).toString();
}

function misused(what: string, value: string): InputError {
  return new InputError("usage", `${what}, not "${value}"`, { hint: "See `mayfly audit --help`." });
}

function rowOf(entry: AuditEntry, now: number): string[] {
  const { at, via, address, action, preview, outcome, detail } = entry;
  return [
    formatSpan(now - at),
    nameOfAsker(entry),
    address === null ? via : `${via} ${address}`,
    action,
    preview ?? "-",
    detail === null ? outcome : `${outcome}: ${detail}`,
  ];
}
