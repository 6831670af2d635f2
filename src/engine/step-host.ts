import type Docker from "dockerode";
import type { Logger } from "pino";
import type { Clock } from "../domain/time.ts";
import type { Range } from "./subnets.ts";

/** The engine that steps are run on, and what is the same for all of them. */
export type StepHost = {
  docker: Docker;
  /** This server's id: what does not carry it is never touched. */
  server: string;
  /** The CIDR that networks are cut from. */
  pool: string;
  /** What this host routes elsewhere, besides the default; left out where nobody can tell. */
  routes?: () => Promise<readonly Range[]>;
  /** Whether containers may reach the world. */
  egress: "internet" | "none";
  clock: Clock;
  log: Logger;
};

/** Whom a step is run for. */
export type StepScope = {
  preview: { key: string; slug: string };
  project: string;
  signal: AbortSignal;
  /** Values of the secrets that the step's container is given. */
  secrets?: ReadonlyMap<string, string>;
  /** Lays out these paths of the deployment's commit. */
  openSource?(paths: readonly string[]): Promise<SourceFiles>;
};

/** A commit's files on disk, until disposed; what is neither file nor folder is told apart. */
export type SourceFiles = AsyncDisposable & {
  /** Absolute path of the private tree. */
  root: string;
  special: readonly { path: string; kind: "symbolic link" | "submodule" }[];
};
