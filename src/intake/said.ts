import type { Comment, Ignored, Intent } from "../domain/intent.ts";
import { parseCommand } from "./command.ts";

/** What a comment means, however we heard of it. */
export function readSaid(where: { repositoryId: number; repository: string }, comment: Comment): Intent | Ignored {
  const { id: commentId, number, body, author } = comment;
  if (number === null) return { kind: "ignored", reason: "the comment is on an issue, not on a pull request" };
  if (author === null || comment.isBot) return { kind: "ignored", reason: "comments of bots are not commands" };
  if (body.includes("<!-- mayfly:")) return { kind: "ignored", reason: "our own comment" };
  const command = parseCommand(body);
  if (command === null) return { kind: "ignored", reason: "the comment is no command of ours" };
  const about = { ...where, number, author, commentId };
  return command.kind === "command"
    ? { kind: "command", request: { ...about, verb: command.verb, argument: command.argument } }
    : { kind: "misspelled", request: about, said: command.said, meant: command.meant };
}
