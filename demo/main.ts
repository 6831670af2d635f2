import { parseArgs } from "node:util";
import { DemoFailure, openDemo } from "./demo.ts";
import { playInTerminal } from "./interactive.ts";
import { playOnce } from "./once.ts";
import { jsonTeller, type Teller, textTeller } from "./tell.ts";

const help = `npm run demo [-- OPTIONS]

Puts a small product into a git repository, a stand-in GitHub in front of it, and a pull request to Mayfly.

  --once   play the whole story once and end: open, push, /redeploy, merge; exit 0, or 1 with the reason
  --json   one event a line, for programs
  --port N listen there (default 8080, another one when it is taken)
  --help   show this`;

const { values } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    port: { type: "string", default: "8080" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(help);
} else {
  const interactive = !values.once && process.stdin.isTTY;
  const teller = values.json ? jsonTeller() : textTeller(process.stdout.isTTY && !process.env["NO_COLOR"]);
  const leaving = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => leaving.abort());
  try {
    await using demo = await openDemo({ port: Number(values.port), teller, signal: leaving.signal });
    await (interactive ? playInTerminal(demo, leaving) : values.once ? playOnce(demo) : demo.stay());
    if (!values.json) console.log("\nRemoving everything of ours …");
  } catch (error) {
    if (!leaving.signal.aborted) fail(error, teller);
  }
}

function fail(error: unknown, teller: Teller): void {
  // What went wrong first, when cleaning up after it went wrong too.
  const first: unknown = error instanceof SuppressedError ? error.suppressed : error;
  const reason = first instanceof Error ? first.message : String(first);
  teller.event({ event: "failed", seconds: 0, url: null, commit: null, reason });
  if (!(error instanceof DemoFailure) && process.env["MAYFLY_DEBUG"]) console.error(error);
  process.exitCode = 1;
}
