import type { Announcement } from "./page-model.ts";

/** Why somebody may not look. */
export type Refusal = "closed" | "sign-in" | "ended" | "wrong" | "too-many" | "foreign";

type Words = Omit<Announcement, "retryAfter"> & {
  /** What a program can do; of no use to people. */
  readonly program?: string;
};

const program = "Programs send a `Mayfly-Bypass` header.";

const shared = "Whoever cannot see the pull request asks someone who can to comment `/share` there.";

/** What to say to whom a guarded preview does not let in: how to get in, and nothing of what is inside. */
export const refusals: Readonly<Record<Refusal, Words>> = {
  closed: {
    status: 401,
    headline: "This preview opens with its link",
    sentence: `Follow the link in Mayfly's comment on the pull request: it lets this browser in. ${shared}`,
    program,
  },
  "sign-in": {
    status: 401,
    headline: "Sign in to look at this preview",
    sentence: "Whoever may read the repository may look.",
    program,
  },
  ended: {
    status: 403,
    headline: "This link has ended",
    sentence: `Follow the link in Mayfly's comment on the pull request. ${shared}`,
  },
  wrong: {
    status: 403,
    headline: "This link is not right",
    sentence: "Something of it may be missing. Follow the link in Mayfly's comment on the pull request.",
  },
  "too-many": {
    status: 429,
    headline: "Too many wrong keys",
    sentence: "Wait a minute, then follow the link in Mayfly's comment on the pull request.",
  },
  foreign: {
    status: 403,
    headline: "Another site asked for this",
    sentence: "A guarded preview answers its own pages only. To look at it, follow a link or type its address.",
  },
};
