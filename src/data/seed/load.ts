import type Docker from "dockerode";
import { type Database, databaseOf } from "../../domain/database.ts";
import { EngineError } from "../../domain/errors.ts";
import { isLaid, type SeedPart, seedPaths } from "../../domain/seed.ts";
import type { ServiceSpec } from "../../domain/service.ts";
import type { Clock } from "../../domain/time.ts";
import { execute } from "../../engine/exec.ts";
import type { SourceFiles } from "../../engine/step-host.ts";
import type { Step } from "../../plan/step.ts";
import { withoutRows } from "../source/refusal.ts";
import { layPart } from "./lay.ts";
import { mariadb } from "./mariadb.ts";
import { openSeedFile } from "./open.ts";
import { postgres } from "./postgres.ts";
import { type ProgramPlace, runProgram } from "./program.ts";
import { redis } from "./redis.ts";
import { runScript } from "./script.ts";
import { type DatabaseTool, type Running, type SeedFile, seedFailed } from "./tool.ts";

/** The parts, the container of the service that they go into, and what its programs run in. */
export type SeedStep = Pick<Extract<Step, { kind: "seed" }>, "container" | "service" | "seed" | "programs">;

/** Where a seed's files are read from, what ends it, and whose what it makes for a while is. */
export type SeedScope = Partial<Pick<ProgramPlace, "secrets">> & {
  signal: AbortSignal;
  openSource(paths: readonly string[]): Promise<SourceFiles>;
  /** What a source of the server file gave; what a database says of it may hold rows where it is not masked. */
  openEdition(name: string): Promise<SeedFile & AsyncDisposable & { isMasked: boolean }>;
  labels: Record<string, string>;
  /** By service of a program, the names of the secrets that it is not given. */
  withoutSecrets?: Readonly<Record<string, readonly string[]>>;
};

export type SeedHost = { docker: Docker; clock: Clock; server: string };

const tools: Record<Database, DatabaseTool> = { postgres, mariadb, redis };

/** How a service's database is asked and filled; null when it is none that we know. */
export function toolOf(service: ServiceSpec): DatabaseTool | null {
  const database = databaseOf(service);
  return database && tools[database];
}

/**
 * Fills a kept service's data with a seed's parts, in order: into the volume of a container that was not started, or
 * through a service that runs and is ready. What fails is told with its file, the line and the server's own words.
 * Throws EngineError `seed-failed`.
 */
export async function runSeed(host: SeedHost, step: SeedStep, scope: SeedScope): Promise<void> {
  const running = await lookAt(host, step, scope.signal);
  await using source = await scope.openSource(seedPaths(step.seed));
  for (const part of step.seed.parts) {
    scope.signal.throwIfAborted();
    await loadPart(part, { host, step, scope, running, source });
  }
}

/**
 * What is done last in a database before it is stopped for good, once it is known that it has read what was laid. Throws
 * EngineError `seed-failed`.
 */
export async function settle(host: SeedHost, step: SeedStep, signal: AbortSignal): Promise<void> {
  const tool = toolOf(step.service);
  const running = await lookAt(host, step, signal);
  const dump = step.seed.parts.find((part) => part.kind === "file" && part.form === "rdb");
  if (dump?.kind === "file" && (await tool?.isEmpty?.(running))) {
    const what = "it holds no keys after its start";
    const hint =
      "Its configuration reads another file, or all keys have expired. Redis 7 and Valkey read it with and without appendonly, Redis 6 without.";
    throw seedFailed(step.service.name, { where: dump.path, what, lines: [], hint });
  }
  await tool?.settle?.(running);
}

type Loading = { host: SeedHost; step: SeedStep; scope: SeedScope; running: Running; source: SourceFiles };

async function loadPart(part: SeedPart, loading: Loading): Promise<void> {
  const { host, step, scope, running, source } = loading;
  if (isLaid(part)) {
    const mount = step.service.mounts.find((each) => each.kind === "volume" && each.volume === step.seed.volume);
    const path = (mount?.target ?? "/").replace(/\/+$/, "");
    const place = { container: step.container, path, command: running.command };
    return await layPart(host.docker, { part, source, place }, scope.signal);
  }
  switch (part.kind) {
    case "file":
      return await loadFile(part, loading);
    case "run":
      return await runIts(part, loading);
    case "source":
      return await loadEdition(part.name, loading);
  }
}

async function loadFile(part: Extract<SeedPart, { kind: "file" }>, { step, running, source }: Loading): Promise<void> {
  await using file = await openSeedFile(source, part.path);
  if (part.form === "shell") return await runScript(running, file);
  await loadInto(running, step.service, file);
}

async function loadEdition(name: string, { step, running, scope }: Loading): Promise<void> {
  await using edition = await scope.openEdition(name);
  try {
    await loadInto(running, step.service, edition);
  } catch (error) {
    if (edition.isMasked || !(error instanceof EngineError) || error.code !== "seed-failed") throw error;
    throw withoutRows(error, `source ${name} could not be loaded into ${step.service.name}`);
  }
}

async function loadInto(running: Running, service: ServiceSpec, file: SeedFile): Promise<void> {
  const tool = toolOf(service);
  if (tool === null) throw unknownDatabase(service.name);
  await tool.load(running, file);
}

async function runIts(part: Extract<SeedPart, { kind: "run" }>, { host, step, scope }: Loading): Promise<void> {
  const { docker, server } = host;
  const plan = step.programs[part.service];
  if (plan === undefined) {
    const what = `${step.seed.service} cannot be seeded: the image of ${part.service} is not on this host`;
    throw new EngineError("image-unavailable", what, { service: part.service, hint: "/redeploy makes it again." });
  }
  const { labels, secrets = new Map<string, string>() } = scope;
  const place = { plan, server, labels, secrets, withoutSecrets: scope.withoutSecrets?.[part.service] ?? [] };
  await runProgram(docker, { part, place }, scope.signal);
}

async function lookAt(host: SeedHost, step: SeedStep, signal: AbortSignal): Promise<Running> {
  const info = await host.docker.getContainer(step.container).inspect();
  return {
    service: step.service.name,
    environment: readEnvironment(info.Config.Env),
    command: info.Config.Cmd ?? [],
    execute: (call) => execute(host, step.container, { ...call, signal }),
  };
}

function unknownDatabase(service: string): EngineError {
  return new EngineError("seed-failed", `${service} is no database that can be loaded with SQL`, {
    hint: "Postgres, MariaDB and MySQL are known by their images' names; a built one by POSTGRES_PASSWORD and the like in its environment.",
    service,
  });
}

function readEnvironment(entries: readonly string[]): Map<string, string> {
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}
