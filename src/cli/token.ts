import { InputError } from "../domain/errors.ts";
import { formatSpan } from "../domain/time.ts";
import { scopes, type Scope, type Token } from "../domain/token.ts";
import type { ApiClient } from "./api-client.ts";
import { type Command, clientOptions, type ExitCode, type Input, textOf } from "./command.ts";
import { connect } from "./connection.ts";
import { formatTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

type Act = (client: ApiClient, input: Input, terminal: Terminal) => Promise<ExitCode>;

const acts: Readonly<Record<string, Act>> = { create, ls, rm };

/** `mayfly token create|ls|rm`: who may use the API; for admins. */
export const token: Command = {
  args: "create|ls|rm [NAME]",
  help: "make, list or revoke the API's tokens",
  options: { ...clientOptions, scope: { type: "string" } },
  async run(input, terminal) {
    const [name = ""] = input.positionals;
    const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
    if (act === undefined) throw misused(`there is no token command "${name}"`);
    return act(connect(input, terminal), input, terminal);
  },
};

async function create(client: ApiClient, input: Input, { print, complain }: Terminal): Promise<ExitCode> {
  const wanted = { name: nameOf(input), scopes: readScopes(textOf(input, "scope") ?? "read") };
  const made = await client.post<{ name: string; scopes: Scope[]; token: string }>("/api/tokens", wanted);
  if (input.values["json"] === true) print(JSON.stringify(made));
  else {
    print(made.token);
    complain(`This is the token ${made.name} (${made.scopes.join(", ")}); it is not shown again.`);
  }
  return 0;
}

async function ls(client: ApiClient, input: Input, { print, columns, now }: Terminal): Promise<ExitCode> {
  const tokens = await client.get<Omit<Token, "sha256">[]>("/api/tokens");
  if (input.values["json"] === true) print(JSON.stringify(tokens, null, 2));
  else {
    const rows = tokens.map(({ name, scopes: held, from, createdAt }) => {
      return [name, held.join(", "), from, createdAt === null ? "-" : formatSpan(now() - createdAt)];
    });
    for (const line of formatTable([["NAME", "SCOPES", "FROM", "AGE"], ...rows], columns)) print(line);
  }
  return 0;
}

async function rm(client: ApiClient, input: Input, { print }: Terminal): Promise<ExitCode> {
  const name = nameOf(input);
  const answer = await client.delete<{ removed: string }>(`/api/tokens/${encodeURIComponent(name)}`);
  print(input.values["json"] === true ? JSON.stringify(answer) : `The token ${name} opens nothing any more.`);
  return 0;
}

function nameOf({ positionals }: Input): string {
  const [act = "", name] = positionals;
  if (name === undefined) throw misused(`token ${act} needs NAME`);
  return name;
}

function readScopes(text: string): Scope[] {
  return text.split(",").map((word) => {
    const scope = scopes.find((each) => each === word.trim());
    if (scope === undefined) throw misused(`"${word}" is no scope: there are ${scopes.join(", ")}`);
    return scope;
  });
}

function misused(what: string): InputError {
  const hint = "Usage: mayfly token create NAME --scope read,deploy, mayfly token ls, mayfly token rm NAME";
  return new InputError("usage", what, { hint });
}
