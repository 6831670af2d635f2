import { cleanText } from "../domain/clean-text.ts";
import { verbs } from "../domain/verbs.ts";
import { type Command, clientOptions } from "./command.ts";
import { connect } from "./connection.ts";
import { previewPath } from "./show.ts";

/** `mayfly allow ID SHA`: the same as `/allow SHA` on the pull request. */
export const allow: Command = {
  args: "ID SHA",
  help: verbs.allow.help,
  options: clientOptions,
  async run(input, terminal) {
    const [id = "", commit = ""] = input.positionals;
    const path = `${previewPath(id)}/allow?argument=${encodeURIComponent(commit)}`;
    const answer = await connect(input, terminal).post<{ accepted: string }>(path);
    terminal.print(input.values["json"] === true ? JSON.stringify(answer) : cleanText(answer.accepted));
    return 0;
  },
};
