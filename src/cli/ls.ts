import { styleText } from "node:util";
import { formatSpan } from "../domain/time.ts";
import { twoFacts } from "../domain/two-facts.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";
import { formatTable } from "./table.ts";

/** `mayfly ls`: every preview, one line each. */
export const ls: Command = {
  args: "",
  help: "list the previews",
  options: clientOptions,
  async run(input, terminal) {
    const previews = await connect(input, terminal).get<PreviewView[]>("/api/previews");
    if (input.values["json"] === true) terminal.print(JSON.stringify(previews, null, 2));
    else if (previews.length === 0) terminal.print("No previews yet: open a pull request.");
    else {
      const rows = previews.map((preview) => rowOf(preview, terminal.now()));
      const [header = "", ...lines] = formatTable(
        [["PREVIEW", "STATE", "COMMIT", "AGE", "TITLE"], ...rows],
        terminal.columns,
      );
      terminal.print(terminal.hasColor ? styleText("dim", header, { validateStream: false }) : header);
      for (const line of lines) terminal.print(line);
    }
    return 0;
  },
};

function rowOf(view: PreviewView, now: number): string[] {
  const commit = view.serving?.commit ?? view.newest?.commit;
  return [view.slug, stateWords(view), commit?.slice(0, 7) ?? "-", formatSpan(now - view.createdAt), view.title];
}

/** The two facts in one cell: `ready, newest failed`. */
function stateWords(view: PreviewView): string {
  const { state, newest } = twoFacts(view);
  return newest === null ? state : `${state}, newest ${newest}`;
}
