/** What a command sees of the process around it. */
export type Terminal = {
  environment: Readonly<Record<string, string | undefined>>;
  /** Width of a line; 80 where nobody looks. */
  columns: number;
  hasColor: boolean;
  /** Whether this user may change the machine. */
  isRoot: boolean;
  /** Writes a line of the answer. */
  print(text: string): void;
  /** Writes a line about the answer, beside it. */
  complain(text: string): void;
  /** Epoch milliseconds. */
  now(): number;
  /** From now on Ctrl-C and SIGTERM abort this instead of ending the process. */
  interruption(): AbortSignal;
};
