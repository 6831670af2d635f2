/** When something is due again. */
export type Schedule = {
  /** As it is written. */
  text: string;
  /** The first moment after this one, in the server's time zone; null when there is none. Both in epoch milliseconds. */
  next(after: number): number | null;
};

/** Data from the operator's side that a manifest may name, and not define. */
export type Source = {
  name: string;
  /** What a shell command prints, or what is in a file. */
  from: { kind: "command"; command: string } | { kind: "file"; path: string };
  /** The database that its dump is loaded into to be masked; null: the one of the service that it seeds. */
  image: string | null;
  /** Every column is masked or explicitly kept, or nothing of it is published. */
  sensitive: boolean;
  /** How columns are changed before anybody sees them; null: they are not. */
  mask: Mask | null;
  refresh: Schedule | null;
  /** Which repositories may name it, `owner/name` or `owner/*` in lower case; null: all that have previews here. */
  repositories: readonly string[] | null;
  /** Whether a fork's pull request gets its data, too. */
  forks: boolean;
  timeoutMs: number;
  /** The most that is read of it, unpacked. */
  mostBytes: number;
};

/** Rules as they are written, and a hash of them: other rules are other data. */
type Mask = { written: unknown; hash: string };
