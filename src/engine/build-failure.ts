import { EngineError } from "../domain/errors.ts";
import type { BuildSpec } from "../domain/stack.ts";
import type { BuildGroup } from "./build-memory.ts";
import type { BuildLog } from "./build-log.ts";

type Circumstances = {
  build: BuildSpec;
  output: Pick<BuildLog, "failed" | "tail">;
  group: Pick<BuildGroup, "ranOut" | "memoryBytes"> | null;
  isOffline: boolean;
};

/** A build's failure, as what was withheld from the build explains it: memory, or for a fork's the network. */
export async function explainBuildFailure(
  error: unknown,
  { build, output, group, isOffline }: Circumstances,
): Promise<unknown> {
  if (!(error instanceof EngineError) || error.code !== "build-failed") return error;
  const logTail = output.tail();
  const details = { service: build.name, logTail, cause: error };
  const step = output.failed()?.name;
  const at = step === undefined ? "" : ` at step ${step.slice(0, 500)}`;
  if (group && (await group.ranOut(isKilled(error.message, logTail)))) {
    const most = Math.round(group.memoryBytes / 1024 ** 2);
    const said = most % 1024 === 0 ? `${most / 1024} GiB` : `${most} MiB`;
    return new EngineError(
      "build-out-of-memory",
      `${build.name} ran out of memory${at}: a build may use ${said}`,
      details,
    );
  }
  if (!isOffline || !logTail.some((line) => unreached.test(line))) return error;
  return new EngineError(
    "build-offline",
    `${build.name} did not build${at}: a fork's build reaches no network`,
    details,
  );
}

/** As a shell, a compiler or BuildKit tells that the kernel ended a program. */
function isKilled(message: string, logTail: readonly string[]): boolean {
  return /exit code 137\b/.test(message) || logTail.some((line) => /\bkilled\b|cannot allocate memory/i.test(line));
}

/** What programs say when there is no network to ask: the C library's resolver, Node, Go, curl. */
const unreached =
  /EAI_AGAIN|ENETUNREACH|ENOTFOUND|ECONNREFUSED|temporary failure in name resolution|temporary failure resolving|could not resolve|name or service not known|network is unreachable|no address associated|bad address|dial tcp|failed to establish a new connection|getaddrinfo/i;
