import type Docker from "dockerode";
import type { ContainerFacts, LookedInto } from "../domain/facts.ts";
import type { ContainerState } from "../domain/stack-state.ts";
import { allow } from "./docker.ts";
import { readEntryFile } from "./entry-file.ts";
import { readListeners } from "./listening.ts";
import { cleanLine } from "./log-lines.ts";
import { tail } from "./logs.ts";

const logLines = 200;
/** So much of what the engine says of a start that failed. */
const errorLength = 2000;

/**
 * Looks at a service's container that failed, before it is removed: how it ended, what it said, what it listens on, what
 * it was made of. Null when it is gone. Throws EngineError.
 */
export async function gatherFacts(
  host: { docker: Docker; server: string },
  which: LookedInto,
  signal: AbortSignal,
): Promise<ContainerFacts | null> {
  const { docker } = host;
  const info = await allow(docker.getContainer(which.container).inspect(), 404);
  if (info === null) return null;
  const isRunning = info.State.Status === "running";
  const [image, version, lines, entry] = await Promise.all([
    allow(docker.getImage(info.Image).inspect(), 404),
    docker.version(),
    tail(docker, which.container, logLines),
    isRunning ? null : readEntryFile(docker, info),
  ]);
  return {
    state: info.State.Status as ContainerState,
    exitCode: isRunning ? null : info.State.ExitCode,
    oomKilled: info.State.OOMKilled,
    startError: cleanLine(info.State.Error.replaceAll("\n", " ")).slice(0, errorLength),
    user: info.Config.User,
    entry,
    architecture: { image: image?.Architecture ?? "", engine: version.Arch },
    variables: variablesOf(info.Config.Env ?? []),
    // Null also where it ends meanwhile: 400 is the runtime's, which finds its network gone before the engine knows.
    listeners: isRunning ? await allow(readListeners(host, which, version.Arch, signal), 400, 404, 409) : null,
    lines,
  };
}

function variablesOf(environment: readonly string[]): ContainerFacts["variables"] {
  const entries = environment.filter((entry) => entry.includes("="));
  const nameOf = (entry: string) => entry.slice(0, entry.indexOf("="));
  const isEmpty = (entry: string) => entry.endsWith("=") && entry.indexOf("=") === entry.length - 1;
  return {
    set: entries.filter((entry) => !isEmpty(entry)).map(nameOf),
    empty: entries.filter(isEmpty).map(nameOf),
  };
}
