import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import type { Asker, AuditEntry, AuditNote } from "../domain/audit.ts";
import type { DiskUse } from "../domain/disk.ts";
import type { Failure } from "../domain/errors.ts";
import type { LocalWork } from "../domain/local.ts";
import type { Level, Person } from "../domain/person.ts";
import type { Deployment, TimelineEvent } from "../domain/preview.ts";
import type { Memory } from "../domain/pressure.ts";
import type { DataUse, SnapshotView } from "../domain/snapshot.ts";
import type { SourceView } from "../domain/source.ts";
import type { StackState } from "../domain/stack-state.ts";
import type { Clock, RandomId } from "../domain/time.ts";
import type { Token } from "../domain/token.ts";
import type { SaidVerb } from "../domain/verbs.ts";
import type { PreviewView } from "../domain/view.ts";

/** What the API and the dashboard need of the rest of Mayfly. */
export type ApiWorld = {
  /** `body` is what came over the wire, untouched; a header that is missing is an empty string. */
  receiveWebhook(body: Uint8Array, headers: DeliveryHeaders): Promise<WebhookAnswer>;
  /** Previews of directories, without a forge. */
  local: {
    /** Takes the commit's objects and writes the wish. Throws InputError. */
    up(work: LocalWork, pack: AsyncIterable<Uint8Array>): Promise<PreviewView>;
    /** Null when there is none. */
    down(work: Pick<LocalWork, "origin" | "branch">): Promise<PreviewView | null>;
  };
  previews(): PreviewView[];
  /** By slug, `acme/shop#42`, `shop#42` or key. */
  preview(id: string): PreviewView | null;
  /** Resolves when all that was written before is on the disk. */
  flushed(): Promise<void>;
  timeline(key: string): TimelineEvent[];
  deployments(key: string): Deployment[];
  /** What the engine says is there; throws EngineError. */
  observe(key: string): Promise<StackState>;
  /** Lines of the services, masked. Ends when the signal is aborted, and without `follow` at the newest line. */
  logs(key: string, options: LogOptions): AsyncIterable<LogLine>;
  /** Lines of the newest attempt's image builds, masked. */
  buildLogs(key: string, options: Pick<LogOptions, "follow" | "signal">): AsyncIterable<Omit<LogLine, "at">>;
  /** What a check of the newest attempt wrote, masked; nothing where there is none of that name. */
  checkLog(key: string, name: string): string[];
  plan(key: string): Promise<PlanAnswer>;
  /** Writes the wish and wakes the loop; answers with a sentence. Throws MayflyError. */
  act(key: string, said: Omit<SaidVerb, "by">, asker: Asker): Promise<{ accepted: string }>;
  /** A link that ends after a while (`7d`), or with `off` the end of all keys. Throws InputError `usage`. */
  share(key: string, argument: string | null, asker: Asker): Shared;
  /** Lets exactly one commit of a fork run. Throws InputError `usage` when it is not the newest. */
  allow(key: string, commit: string | null, asker: Asker): { accepted: string };
  /** What programs send as `Mayfly-Bypass`; null where nobody is kept out. */
  bypass(key: string): string | null;
  /** Calls `listener` with the key of each preview of which something changed; answers how to stop it. */
  changes(listener: (key: string) => void): () => void;
  /** Prometheus text. */
  metrics(): string | Promise<string>;
  ready(): { ok: boolean; reason: string | null };
  numbers(): Numbers;
  server(): ServerState;
  /** Who may call, besides people. */
  tokens: TokenRows;
  sessions: SessionRows;
  /** Who did what: told with the deed where there is one, here where there is none. */
  audit: {
    write(note: AuditNote): void;
    /** Newest first. */
    list(filter: { preview?: string; since?: number; limit: number }): AuditEntry[];
  };
  /** The data that previews branch from. By id, key, or the beginning of either; throws InputError `not-found`, EngineError. */
  snapshots: {
    /** Most recently used first. */
    list(): Promise<SnapshotView[]>;
    show(id: string): Promise<SnapshotView>;
    sources(): SourceView[];
    use(): Promise<DataUse>;
    /** Begins to read a source anew, and to build what is loaded from it. Throws InputError. */
    refresh(source: string, asker: Asker): void;
    /** Begins to build one again, or those that a preview branches from; answers their ids. */
    build(id: string, asker: Asker): Promise<string[]>;
    /** Answers its id. Throws EngineError `snapshot-in-use`. */
    remove(id: string, asker: Asker): Promise<string>;
  };
  /** Null where nobody can sign in with the forge. */
  signIn: SignIn | null;
  /** What a person may do in a repository now. Throws RemoteError. */
  permissionOf(repository: string, person: Person): Promise<Level>;
  /** The preview at an address, and the way in for one who may: an address of its own with a pass; null where none is. */
  visit(address: string): { preview: string; enter(): string } | null;
  /** Where a request comes from; behind proxies, whom the operator believes says so. */
  clientAddress(request: IncomingMessage): string;
  /** `scheme://host[:port]` under which people see the dashboard. */
  dashboardOrigin: string;
  /** `https://github.com` or the Enterprise server's, for links to pull requests and commits. */
  webUrl: string;
  clock: Clock;
  randomId: RandomId;
  log: Logger;
};

export type TokenRows = {
  /** The first one, and those of the server file. */
  given: readonly Token[];
  /** Those made at runtime, as they are now. */
  made(): Token[];
  /** False when the name is taken. Told in the audit when it is not, as is the removal. */
  add(token: Pick<Token, "name" | "sha256" | "scopes">, told: AuditNote): boolean;
  remove(name: string, told: AuditNote): boolean;
};

export type SessionRows = {
  open(session: { idSha256: string; owner: SessionOwner; expiresAt: number }, told: AuditNote): void;
  /** Null when there is none, or not any more. */
  ownerOf(idSha256: string): SessionOwner | null;
  close(idSha256: string, told: AuditNote): void;
};

/** Whose browser it is: one that was handed a token, or a person's. */
export type SessionOwner = { kind: "token"; sha256: string } | ({ kind: "person" } & Person);

/** How people sign in with the forge. */
export type SignIn = {
  /** Where to send the browser, and what it must bring back. */
  begin(): Promise<{ url: string; state: string; verifier: string }>;
  /** Throws RemoteError `sign-in-failed`. */
  finish(query: URLSearchParams, secrets: { state: string; verifier: string }): Promise<Person>;
};

/** `link` is null where all were taken back, `until` (epoch milliseconds) where it does not end. */
export type Shared = { link: string | null; until: number | null };

export type DeliveryHeaders = { signature: string; event: string; delivery: string; hookId: string };

export type WebhookAnswer =
  | { status: 202; answer: { status: "accepted" | "duplicate" | "ignored"; reason: string } }
  | { status: 400 | 401 | 413; answer: Failure };

export type LogOptions = { service?: string; follow: boolean; tail: number; signal: AbortSignal };

export type LogLine = { service: string; line: string; /** Epoch milliseconds. */ at: number | null };

export type PlanAnswer = { text: string; steps: { step: string; resource: string; cause: string; after: string[] }[] };

/** What whoever runs the server looks at first; null where it cannot be measured. */
export type ServerState = {
  disk: DiskUse | null;
  memory: Memory | null;
  /** What there is too little of and what was done about it, a sentence or two each. */
  notices: string[];
};

/** The line above the list; null where it is not known now. */
export type Numbers = { up: number; asleep: number; waiting: number; orphans: number | null };
