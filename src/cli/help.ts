import type { Command } from "./command.ts";

/** All commands, one line each. */
export function generalHelp(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(commands).map(([name, { args, help }]) => [`${name} ${args}`.trimEnd(), help] as const);
  return [
    "mayfly: a running preview for every pull request",
    "",
    ...columns(rows),
    "",
    "ID is a preview's slug (shop-pr-42); acme/shop#42 and shop#42 work too.",
    "",
    "  --server URL  the server to ask (MAYFLY_SERVER; the server file's `listen`;",
    "                http://127.0.0.1:8080)",
    "  --json        for programs, wherever something is listed or shown",
    "  --help        about one command: mayfly COMMAND --help",
    "  --version",
    "",
    "MAYFLY_API_TOKEN signs in; on the server's own machine its state folder does.",
    "Exit codes: 0 done, 1 failed, 2 not understood.",
  ].join("\n");
}

/** One command with its options. */
export function commandHelp(name: string, { args, help, options }: Command): string {
  const rows = Object.entries(options).map(([option, { type, short }]) => {
    const flag = `${short === undefined ? "" : `-${short}, `}--${option}`;
    return [type === "string" ? `${flag} ${values[option] ?? "TEXT"}` : flag, optionHelp[option] ?? ""] as const;
  });
  const head = [`mayfly ${name} ${args}`.trimEnd(), `  ${help}`];
  return [...head, ...(rows.length > 0 ? ["", ...columns(rows)] : [])].join("\n");
}

/** Two columns in 80 characters, the second one wrapped between words. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  const wrap = new RegExp(`(.{1,${80 - width - 4}})(?: +|$)`, "g");
  return rows.flatMap(([left, right]) =>
    (right.match(wrap) ?? [""]).map((line, index) => `  ${(index === 0 ? left : "").padEnd(width)}  ${line}`.trimEnd()),
  );
}

const values: Record<string, string> = {
  adopt: "ID",
  server: "URL",
  config: "FILE",
  tail: "N",
  scope: "SCOPES",
  since: "SPAN",
  preview: "ID",
  limit: "N",
  org: "ORG",
  port: "N",
  branch: "NAME",
  check: "NAME",
  schema: "WHERE",
};

const optionHelp: Record<string, string> = {
  server: "the server to ask (MAYFLY_SERVER; the server file's `listen`; http://127.0.0.1:8080)",
  json: "for programs",
  config: "server file (./server.yaml, then /etc/mayfly/server.yaml)",
  follow: "stay, and print lines as they come",
  tail: "how many of the newest lines (200)",
  since: "only what was done within this time: 7d, 12h",
  preview: "only what was done to this preview",
  limit: "how many of the newest (200)",
  scope: "what the token may do: read (the default), deploy, admin, or several: read,deploy",
  all: "everything of the server of this machine, which must not be running",
  caches: "with --all: the images and snapshots it built as well",
  replace: "take over from the server that runs, which goes on until this one listens",
  org: "the organization that the App is for (yourself)",
  port: "where the page listens on 127.0.0.1 (a free one)",
  print: "only print the page's address, and open no browser",
  check: "what that check of the newest attempt wrote instead",
  build: "the image builds of the newest attempt instead",
  branch: "a branch as it is committed, in place of the working tree",
  fix: "as root, install the firewall's rules that are missing",
  adopt: "with a new state folder: take over what a lost one left on the engine",
  force: "write it also where there is one",
  stdout: "print the file in place of writing it",
  schema: "a first line that tells editors where the manifest's JSON Schema is: a path or an address",
  once: "play the whole story and end",
};
