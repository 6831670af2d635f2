import type { CommandRequest } from "../domain/intent.ts";
import type { Verb } from "../domain/verbs.ts";
import type { Database } from "./database.ts";

/** `waiting` for the permission check, `accepted` and under way, `answered` but not told yet, `closed`. */
export type RequestState = "waiting" | "accepted" | "answered" | "closed";

/** What the commenter is told: a reaction, and a reply only if there is something to say. */
export type Reaction = "eyes" | "rocket" | "+1" | "-1" | "confused";

export type StoredRequest = Omit<CommandRequest, "repositoryId" | "verb"> & {
  preview: string;
  /** `misspelled` words are stored too, since they are answered. */
  verb: Verb | "misspelled";
  state: RequestState;
  /** The generation that fulfills it, when it changed a wish. */
  generation: number | null;
  answer: string | null;
  reaction: Reaction | null;
  receivedAt: number;
};

/** What people said in comments: stored before anything is decided, answered once. */
export function createRequestStore(database: Database) {
  return {
    /** Stores a command; the same comment again changes nothing. */
    add(request: Omit<StoredRequest, "state" | "generation" | "answer" | "reaction">): void {
      database.run(
        `insert into requests (comment_id, preview, repository, number, verb, argument, author, received_at, state)
         values (?, ?, ?, ?, ?, ?, ?, ?, 'waiting') on conflict do nothing`,
        request.commentId,
        request.preview,
        request.repository,
        request.number,
        request.verb,
        request.argument,
        request.author,
        request.receivedAt,
      );
    },

    get(commentId: number): StoredRequest | null {
      const row = database.get("select * from requests where comment_id = ?", commentId);
      return row === undefined ? null : parse(row);
    },

    /** Of one preview, in the order they were said, all that are not closed. */
    open: (preview: string): StoredRequest[] =>
      database
        .all("select * from requests where preview = ? and state <> 'closed' order by received_at, comment_id", preview)
        .map(parse),

    accept: (commentId: number, generation: number): number =>
      database.run(
        "update requests set state = 'accepted', generation = ? where comment_id = ?",
        generation,
        commentId,
      ),

    answer: (commentId: number, reaction: Reaction, text: string | null): number =>
      database.run(
        "update requests set state = 'answered', reaction = ?, answer = ? where comment_id = ? and state <> 'closed'",
        reaction,
        text,
        commentId,
      ),

    close: (commentId: number): number =>
      database.run("update requests set state = 'closed' where comment_id = ?", commentId),
  };
}

function parse(row: Record<string, unknown>): StoredRequest {
  return {
    preview: row["preview"] as string,
    repository: row["repository"] as string,
    number: row["number"] as number,
    verb: row["verb"] as StoredRequest["verb"],
    argument: row["argument"] as string | null,
    author: row["author"] as string,
    commentId: row["comment_id"] as number,
    state: row["state"] as RequestState,
    generation: row["generation"] as number | null,
    answer: row["answer"] as string | null,
    reaction: row["reaction"] as Reaction | null,
    receivedAt: row["received_at"] as number,
  };
}
