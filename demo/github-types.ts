/** What GitHub sends and answers: the fields the stand-in touches, and the rest as it came. */
export type Json = { [key: string]: unknown };

export type Account = Json & { id: number; login: string; type: string };

export type RepositoryBody = Json & {
  id: number;
  name: string;
  full_name: string;
  private: boolean;
  fork: boolean;
  owner: Account;
  default_branch: string;
};

type PullSide = Json & { label: string; ref: string; sha: string; repo: RepositoryBody | null };

export type PullBody = Json & {
  number: number;
  state: "open" | "closed";
  title: string;
  body: string | null;
  draft: boolean;
  merged: boolean;
  merged_at: string | null;
  merge_commit_sha: string | null;
  updated_at: string;
  html_url: string;
  user: Account;
  head: PullSide;
  base: PullSide & { repo: RepositoryBody };
  labels: { name: string }[];
};

export type CommentBody = Json & {
  id: number;
  body: string;
  html_url: string;
  issue_url: string;
  created_at: string;
  updated_at: string;
  user: Account;
};

/** A role as a repository's settings name it. */
type Role = "admin" | "maintain" | "push" | "triage" | "pull";

export type RepositorySeed = {
  /** `owner/name`; an owner that is no user is an organization. */
  name: string;
  private?: boolean;
  /** A folder, or path to content: the first commit on `main`. */
  files: string | Record<string, string>;
  /** By login. */
  collaborators?: Record<string, Role>;
};

/** A GitHub App, installed on every repository. */
/** Who may ask GitHub to sign people in. */
export type OAuthSeed = { clientId: string; clientSecret: string; callbackUrl: string };

export type AppSeed = { id: number; slug: string; privateKey: string };

/** Who makes a call. */
export type Caller = { login: string; kind: "user" | "installation" | "app" | "nobody"; authorization: string | null };

/** One page of what an API call left in the log. */
export type Call = { method: string; path: string; status: number; login: string; at: number; durationMs: number };

export type Webhook = { url: string; secret: string };
