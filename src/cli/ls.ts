import { styleText } from "node:util";
import { cleanText } from "../domain/clean-text.ts";
import { formatSpan } from "../domain/time.ts";
import { twoFacts } from "../domain/two-facts.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";
import { formatTable } from "./table.ts";

/** Below, the other columns take all there is. */
const widthForTitles = 100;

/** `mayfly ls`: every preview, one line each. */
export const ls: Command = {
  args: "",
  help: "list the previews",
  options: clientOptions,
  async run(input, terminal) {
    const client = connect(input, terminal);
    const previews = await client.get<PreviewView[]>("/api/previews");
    if (input.values["json"] === true) terminal.print(JSON.stringify(previews, null, 2));
    else if (previews.length === 0) terminal.print("No previews yet: open a pull request.");
    else {
      const titles = terminal.columns >= widthForTitles;
      const head = ["PREVIEW", "STATE", "COMMIT", "AGE", "LAST VISIT", "EXPIRES", ...(titles ? ["TITLE"] : [])];
      const rows = previews.map((view) => [...rowOf(view, terminal.now()), ...(titles ? [view.title] : [])]);
      const [header = "", ...lines] = formatTable([head, ...rows], terminal.columns);
      terminal.print(terminal.hasColor ? styleText("dim", header, { validateStream: false }) : header);
      for (const line of lines) terminal.print(line);
    }
    // Beside the answer: programs read that.
    const { notices } = await client.get<{ notices: string[] }>("/api/server");
    for (const notice of notices) terminal.complain(cleanText(notice));
    return 0;
  },
};

function rowOf(view: PreviewView, now: number): string[] {
  const commit = view.serving?.commit ?? view.newest?.commit;
  const visit = view.lastVisitAt === null ? "-" : `${formatSpan(now - view.lastVisitAt)} ago`;
  const age = formatSpan(now - view.createdAt);
  return [view.slug, stateWords(view), commit?.slice(0, 7) ?? "-", age, visit, expiryWords(view, now)];
}

function expiryWords({ pinned, expiresAt }: PreviewView, now: number): string {
  if (pinned) return "pinned";
  return expiresAt === null ? "-" : formatSpan(expiresAt - now);
}

/** The two facts in one cell: `ready, newest failed`. */
function stateWords(view: PreviewView): string {
  const { state, newest } = twoFacts(view);
  return newest === null ? state : `${state}, newest ${newest}`;
}
