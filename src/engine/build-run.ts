import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import { EngineError, MayflyError } from "../domain/errors.ts";
import type { BuildSpec } from "../domain/stack.ts";
import type { BuildContext } from "./build-context.ts";
import { openBuildControl } from "./build-control.ts";
import type { BuildGroup } from "./build-memory.ts";
import type { BuildLog } from "./build-log.ts";
import { attributesOf } from "./build-attributes.ts";
import { unpackedArchive } from "./build-input.ts";
import { type BuildGifts, openBuildSession } from "./build-session.ts";
import { sourcePolicy } from "./build-sources.ts";
import type { Trace } from "./build-trace.ts";
import { allow, textOf } from "./docker.ts";
import { cleanLine, lineLimit } from "./log-lines.ts";

/** What a build is run with: its packed files, the image's labels, and the name its cache is kept apart by. */
export type BuildInput = {
  build: BuildSpec;
  context: BuildContext;
  labels: Record<string, string>;
  cacheNamespace: string;
  gifts: BuildGifts;
  /** The control group of its steps; null for the engine's own. */
  group: Pick<BuildGroup, "path"> | null;
  /** No step reaches anything. */
  isOffline: boolean;
};

/**
 * Builds one image with BuildKit and leaves it under its tag. The signal stops the step that is run within a second.
 * Throws EngineError `build-failed`, which names the step and its exit code, or the signal's reason.
 */
export async function runBuild(docker: Docker, input: BuildInput, log: BuildLog, signal: AbortSignal): Promise<void> {
  const { build, context } = input;
  const named = [...context.named].map(([name, tar], index) => ({ name, tar, key: `named${index}` }));
  const contents = new Map([["main", context.tar], ...named.map(({ key, tar }) => [key, tar] as const)]);
  const failed = () => [...contents.values()].find(({ errored }) => errored)?.errored;
  try {
    await using session = await openBuildSession(docker, input.gifts, contents);
    await using control = await openBuildControl(docker);
    const ref = randomUUID();
    const attributes = {
      ...attributesOf(input),
      ...Object.fromEntries(named.map(({ name, key }) => [`context:${name}`, `input:${key}`])),
      context: session.urlOf("main"),
    };
    const inputs = Object.fromEntries(named.map(({ key }) => [key, unpackedArchive(session.urlOf(key))]));
    const request = { ref, session: session.id, image: build.tag, attributes, inputs, policy: sourcePolicy(build) };
    const unlogged = new AbortController();
    const told = tell(control.status(ref), log, signal).catch((error: unknown) => unlogged.abort(error));
    try {
      await control.solve(request, AbortSignal.any([signal, unlogged.signal]));
    } finally {
      if (!signal.aborted) await told;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failed() ?? (error instanceof MayflyError ? error : buildFailed(build, log, textOf(error)));
  } finally {
    for (const content of contents.values()) content.destroy();
  }
  if ((await allow(docker.getImage(build.tag).inspect(), 404)) === null) {
    throw buildFailed(build, log, "the engine ended it without an image");
  }
}

/** Until it is told to end: which step was being run then is what is to be known. */
async function tell(traces: AsyncIterable<Trace>, log: BuildLog, signal: AbortSignal): Promise<void> {
  for await (const trace of traces) if (!signal.aborted) log.add(trace);
}

function buildFailed(build: BuildSpec, log: BuildLog, error: string): EngineError {
  const failed = log.failed();
  const text = cleanLine((failed?.error || error).slice(0, lineLimit).replaceAll("\n", " "));
  const code = /exit code: (\d+)/.exec(text)?.[1];
  const what =
    failed === null
      ? text
      : `step ${failed.name} ${code === undefined ? `failed: ${text}` : `ended with exit code ${code}`}`;
  return new EngineError("build-failed", `${build.name} did not build: ${what.slice(0, 1000)}`, {
    service: build.name,
    logTail: log.tail(),
  });
}
