import type { RetiredVolume } from "../domain/data.ts";
import type { CheckEnd } from "./check-ports.ts";
import type { Failure, Finding } from "../domain/errors.ts";
import type { ContainerFacts, LookedInto } from "../domain/facts.ts";
import type { LeftPart } from "../domain/git-parts.ts";
import type { Comment, Heard } from "../domain/intent.ts";
import type { PageAnswer } from "../domain/page-wish.ts";
import type { Deployment, Preview, PullRequest, Repository } from "../domain/preview.ts";
import type { ServiceSpec } from "../domain/service.ts";
import type { BuildSpec, ResolvedImage, StackSpec, Trust } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import type { Verb } from "../domain/verbs.ts";
import type { Readiness, Step } from "../plan/step.ts";

/** What the loop needs of GitHub and its like. Every call may throw RemoteError. */
export type Forge = {
  /** Null only when the repository answers and has no such pull request. */
  readPull(repository: string, number: number): Promise<PullRequest | null>;
  listOpenPulls(repository: string): Promise<PullRequest[]>;
  /** Paths that the pull request changes, former names of moved ones too. */
  changedFiles(repository: string, number: number): Promise<string[]>;
  /** Paths changed from one commit to another that has it among its ancestors; null where that cannot be said. */
  pushedFiles(repository: string, before: string, after: string): Promise<string[] | null>;
  /** What the repository of this name is called now. */
  readRepository(name: string): Promise<Repository>;
  /** What was said after `heard`, oldest first; with null, listening begins. */
  listenTo(repository: string, heard: Heard | null): Promise<{ comments: Comment[]; heard: Heard }>;
  /** True when the person may write to the repository. */
  mayWrite(repository: string, person: string): Promise<boolean>;
};

/** A commit's files, on disk until disposed. */
export type Checkout = AsyncDisposable & {
  /** Absolute path of the private tree, without `.git`. */
  root: string;
  commit: string;
  /** Paths that git lays out as neither file nor directory. */
  special: readonly { path: string; kind: "symbolic link" | "submodule" }[];
  /** What of it is kept elsewhere and was not fetched. */
  left: readonly LeftPart[];
  /** Text of a regular file inside, or null when there is none. Throws SourceError `path-outside`, InputError `file-too-large`. */
  readText(path: string): string | null;
  /** What a path inside is; symbolic links are `other`. */
  kindOf(path: string): "file" | "directory" | "none" | "other";
  /** Names in a directory inside, sorted; empty when there is none. */
  list(path: string): string[];
  /** An id of what is at a path at the commit, but for what is `left` out: changes only when that does. Throws SourceError. */
  treeId(path: string, left?: { ignores(path: string): boolean }): Promise<string>;
  /** By path, git's own ids of the files of the repository itself that a pattern names (gitglossary(7), `glob`). */
  blobs(patterns: readonly string[]): Promise<Record<string, string>>;
  /** How much lies at a path: files, and their bytes together. */
  measure(path: string): Promise<{ files: number; bytes: number }>;
};

/** Whose commit: without its wish, nothing is fetched beside the commit itself. */
export type CheckoutOf = Pick<Preview, "repository" | "repositoryId" | "number"> & Partial<Pick<Preview, "spec">>;

export type Source = {
  /** Fetches (only if the commit is not there yet) and lays out one commit, or as little as these paths of it. Throws SourceError. */
  checkout(preview: CheckoutOf, commit: string, signal?: AbortSignal, paths?: readonly string[]): Promise<Checkout>;
};

/** What a commit's files say should run. */
export type Rendered = { stack: StackSpec; findings: Finding[] };

export type BuildOutcome = { state: "built" } | { state: "building" } | { state: "failed"; failure: Failure };

/** Who asks for builds: a newer generation of the same preview takes the place of an older one. */
export type Subscriber = { preview: string; generation: number };

export type Builds = {
  /**
   * Asks for an image and says where it stands; a failed one is told once per subscriber. When a job ends, the
   * subscribers' previews are woken.
   */
  request(build: BuildSpec, subscriber: Subscriber, context: BuildContext): BuildOutcome;
  /** Gives up every request of that preview below `generation` (all without it); jobs without subscriber are cancelled. */
  release(preview: string, generation?: number): void;
  /** Deletes what is kept of a preview that is gone. */
  forget(preview: string): Promise<void>;
};

export type BuildContext = {
  repository: string;
  repositoryId: number;
  trust: StackSpec["trust"];
  /** Lays out the files when the job starts; disposed when it ends. */
  open(signal: AbortSignal): Promise<Checkout>;
};

export type StepContext = {
  preview: { key: string; slug: string; repository: string; repositoryId: number };
  project: string;
  signal: AbortSignal;
  /** Lays out these paths of the deployment's commit (seeds, files that services mount). */
  openSource(paths: readonly string[]): Promise<Checkout>;
};

export type Engine = {
  observe(previewKey: string): Promise<StackState>;
  /** Null when the image is not on this engine (or is another repository's). */
  resolveImage(
    image: ServiceSpec["image"],
    tag: string | null,
    owner: { repositoryId: number; trust: Trust },
  ): Promise<ResolvedImage | null>;
  /** Pulls by name, a team's with the operator's accounts; throws EngineError `image-unavailable`. */
  pull(reference: string, trust: StackSpec["trust"], signal: AbortSignal): Promise<void>;
  /** Throws EngineError `disk-full` when there is too little room for what writes much. */
  requireRoom(what: string): Promise<void>;
  /** Removes what all previews share that are there; throws EngineError. */
  leaveHome(): Promise<void>;
  /** Runs one engine step; throws EngineError. */
  run(step: Step, context: StepContext): Promise<void>;
  /** Looks at a container that failed; null when it is gone. Throws EngineError. */
  gatherFacts(which: LookedInto, signal: AbortSignal): Promise<ContainerFacts | null>;
  /** Starts a check, or finds it started; throws EngineError for what is not the check's own failure. */
  startCheck(step: Extract<Step, { kind: "check" }>, context: StepContext): Promise<void>;
  /** How a check ended, by itself or by its time. */
  endOfCheck(check: { container: string; timeoutMs: number }): Promise<CheckEnd | "running" | "gone">;
  /** Throws EngineError `service-exited` when a service that was ready ended for good. */
  requireUp(readiness: Readiness): Promise<void>;
};

/** Which generation of which preview is routed. */
type Placed = { key: string; slug: string; generation: number };

/** Where requests of a service go: container address on the generation's network. */
export type UpstreamAddress = { service: string; address: string; port: number };

export type Gateway = {
  /** Routes the preview's hosts to these upstreams, all at once; with `mayWait`, requests wait for those that are missing. */
  publish(preview: Placed, stack: StackSpec, upstreams: UpstreamAddress[], options?: { mayWait: boolean }): void;
  /** What serves sleeps: requests to its hosts wait, and wake it. */
  lull(preview: Placed, stack: StackSpec): void;
  /** Requests to its hosts wait: who brings it up shows it. */
  isAsleep(previewKey: string): boolean;
  /** Resolves when no request is under way to that generation, or at the deadline; `cut` ends what else is open to it then. */
  quiet(
    previewKey: string,
    generation: number,
    limits: { timeoutMs: number; signal: AbortSignal; cut: boolean },
  ): Promise<void>;
  /** What its hosts' requests wait for does not come: they are told why. */
  tellStuck(previewKey: string): void;
  /** Takes the upstreams away; its hosts show a page. */
  withdraw(previewKey: string): void;
  /** Asks once through the forward path; throws EngineError `probe-failed`. */
  probe(
    upstream: UpstreamAddress,
    request: { host: string; path: string; timeoutMs: number; signal: AbortSignal },
  ): Promise<PageAnswer>;
  /** Resolves when nothing is in flight to that generation, or at the deadline, with how many were cut off. */
  drain(previewKey: string, generation: number, limits: { timeoutMs: number; signal: AbortSignal }): Promise<number>;
};

/** The wishes, as the store holds them. */
export type Wishes = {
  get(key: string): Preview | null;
  /** Compare-and-set; with a request's comment id, that request is accepted for the new generation in the same transaction. */
  put(preview: Preview, commentId?: number): boolean;
  /** The forge's own event said that the preview's repository was deleted. */
  isRepositorySaidGone(preview: Preview): boolean;
  /** Keeps what a repository is called now. */
  nameRepository(repository: Repository): void;
  /** Stores that somebody lets a commit of a fork run. */
  approve(key: string, approval: { commit: string; by: string }): void;
  hintOf(key: string): PullRequest | null;
  /** Forgets the hint, unless a newer one came meanwhile. */
  forgetHint(key: string, hint: PullRequest | null): void;
  waitingRequests(key: string): WaitingRequest[];
  accept(commentId: number, generation: number): void;
  answer(commentId: number, reaction: "+1" | "-1" | "confused", text: string): void;
  isAnyToRun(): boolean;
  markGone(key: string, generation: number): void;
};

export type WaitingRequest = {
  commentId: number;
  repository: string;
  author: string;
  verb: Verb | "misspelled";
  argument: string | null;
};

/** The deployments, as the store holds them. Writes name the generation they were computed from. */
export type Attempts = {
  of(key: string): Deployment[];
  begin(attempt: Pick<Deployment, "preview" | "generation" | "commit" | "cause" | "origin">): void;
  prepared(key: string, stack: StackSpec, findings: Finding[]): void;
  enter(key: string, generation: number, phase: "building" | "starting"): void;
  /** It cannot go on for now, and why; answers since when, without progress in between (epoch milliseconds). */
  stall(attempt: { preview: string; generation: number; why: string }): number;
  /** The commit point, with what the names meant at that moment, and the data that it replaces. */
  commit(key: string, stack: StackSpec, retired: readonly Omit<RetiredVolume, "until">[]): boolean;
  fail(key: string, generation: number, failure: Failure): void;
  /** Why what serves cannot be kept whole; null when it is. Answers whether that is new. */
  trouble(key: string, generation: number, failure: Failure | null): boolean;
  supersede(key: string, below: number): void;
  retireAll(key: string): void;
};

/** Previews are up in places, of which there are so many; who has none waits. */
export type Places = {
  /** Gives the free ones to those whose turn it is; answers their keys. */
  give(): string[];
  holds(key: string): boolean;
  /** Who waits, in the order of their turns. */
  waiting(): string[];
};

/** The machine's memory: who is to start waits until there is enough of it, and others are put to sleep meanwhile. */
export type Room = {
  /** Whether it may start now; who may not asks again. Throws EngineError, `memory-short` where it will not be able to. */
  enter(key: string, kind: "wake" | "restart" | "deployment"): Promise<boolean>;
  /** It woke, or did not. */
  left(key: string): void;
  /** It has asked and may not start yet. */
  waits(key: string): boolean;
};

/** What people see happen. */
export type Timeline = {
  begin(event: { preview: string; generation: number; name: string }): void;
  end(event: {
    preview: string;
    generation: number;
    name: string;
    outcome: "done" | "failed" | "aborted";
    detail: string | null;
  }): void;
};
