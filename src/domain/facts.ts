import type { ContainerState } from "./stack-state.ts";

/** Whose container is looked into: its name, the preview's key, and who made it. */
export type LookedInto = { container: string; preview: string; generation: number };

/** A socket that waits for connections inside a container. */
export type Listener = { address: string; port: number };

/** What the file is that a container was to start with. */
export type EntryFile = {
  path: string;
  isExecutable: boolean;
  form:
    | { kind: "script"; interpreter: string }
    /** A program for this architecture, as Go names it; null for one that we do not know. */
    | { kind: "program"; architecture: string | null }
    | { kind: "text" };
};

/**
 * What the engine says of a service's container that failed: bounded, looked at once and never stored. Every text is
 * hostile, and the lines are unmasked.
 */
export type ContainerFacts = {
  state: ContainerState;
  exitCode: number | null;
  oomKilled: boolean;
  /** In its own words why the engine could not start it; "" where it could. */
  startError: string;
  /** Root as "", "0" or "root". */
  user: string;
  /** Null where it started, or cannot be read. */
  entry: EntryFile | null;
  /** Of its image, and of the engine, as Go names them: `amd64`. */
  architecture: { image: string; engine: string };
  /** Names of its variables, its image's included, with a value and without one. */
  variables: { set: readonly string[]; empty: readonly string[] };
  /** Null where it does not run, or cannot be looked into. */
  listeners: readonly Listener[] | null;
  /** The last it wrote, oldest first, clean. */
  lines: readonly string[];
};

/** How a health check went when it was run last. */
export type HealthLook = { command: string; exitCode: number | null; said: string };

/** What a route answered when it was asked last. */
export type RouteAnswer = { host: string; status: number; body: string };

/** A cause of a failure that was looked for and found. */
export type Suspect = {
  /** Which one, in a word that stays. */
  id: string;
  what: string;
  /** What to change. */
  now: string;
  /** `compose.yaml:14:7`, where the branch says what is to be changed. */
  where: string | null;
};
