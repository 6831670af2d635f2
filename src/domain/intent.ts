import type { PullRequest } from "./preview.ts";
import type { Verb } from "./verbs.ts";

/** A command somebody said in a comment: stored first, judged later by the loop. */
export type CommandRequest = {
  repositoryId: number;
  repository: string;
  number: number;
  verb: Verb;
  argument: string | null;
  author: string;
  commentId: number;
};

/** Something somebody said. */
export type Comment = {
  id: number;
  /** Of the pull request; null where it is not on one. */
  number: number | null;
  body: string;
  /** Null when the account is gone. */
  author: string | null;
  isBot: boolean;
};

/** Up to where a repository's comments were heard: the newest change seen, in the forge's own words, and the newest id. */
export type Heard = { since: string; lastId: number };

/**
 * What an event of the forge may mean. A hint wakes the loop and carries the pull request only for the time the forge
 * is down; nothing is decided from it while the forge answers.
 */
export type Intent =
  | { kind: "pull"; pull: PullRequest; action: string }
  | { kind: "command"; request: CommandRequest }
  /** A word that is nearly one of ours: answered with help. */
  | { kind: "misspelled"; request: Omit<CommandRequest, "verb" | "argument">; said: string; meant: Verb }
  /** Repositories came or went: compare with the forge. */
  | { kind: "resync"; reason: string }
  /** The forge says that there is no such repository any more. */
  | { kind: "repository-gone"; repositoryId: number; repository: string };

export type Ignored = { kind: "ignored"; reason: string };
