import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import type { BuildSpec } from "../domain/stack.ts";
import type { BuildContext } from "./build-context.ts";
import type { BuildLog } from "./build-log.ts";
import { type BuildGifts, openBuildSession } from "./build-session.ts";
import { decodeTrace } from "./build-trace.ts";
import { allow } from "./docker.ts";
import { jsonLines } from "./json-lines.ts";
import { cleanLine, lineLimit } from "./log-lines.ts";

type BuildEvent = { id?: string; aux?: unknown; error?: string; errorDetail?: { message?: string } };

/** What a build is run with: its packed files, the image's labels, and the name its cache is kept apart by. */
export type BuildInput = {
  build: BuildSpec;
  context: BuildContext;
  labels: Record<string, string>;
  cacheNamespace: string;
  gifts: BuildGifts;
};

/**
 * Builds one image with BuildKit and leaves it under its tag. The signal stops the step that is run within a second.
 * Throws EngineError `build-failed`, which names the step and its exit code, or the signal's reason.
 */
export async function runBuild(docker: Docker, input: BuildInput, log: BuildLog, signal: AbortSignal): Promise<void> {
  await using session = await openBuildSession(docker, input.gifts);
  const { build } = input;
  const options = {
    t: build.tag,
    dockerfile: input.context.dockerfile,
    buildargs: {
      ...build.args,
      BUILDKIT_CACHE_MOUNT_NS: input.cacheNamespace,
      // Part of what a step is known by in the cache, as secrets are not: what one made with them no other's build is given.
      BUILDKIT_SANDBOX_HOSTNAME: input.cacheNamespace,
    },
    labels: input.labels,
    ...(build.target !== null && { target: build.target }),
    ...(input.gifts.anew && { pull: "1" }),
    session: session.id,
    // As a number: with the string dockerode would open a session of its own, and not close it when a build is aborted.
    version: 2,
    abortSignal: signal,
  };
  try {
    const stream = (await docker.buildImage(
      input.context.tar,
      options as unknown as Docker.ImageBuildOptions,
    )) as Readable;
    // A failed build ends without an error of the call: the stream tells.
    for await (const event of jsonLines(stream) as AsyncGenerator<BuildEvent>) {
      if (event.id === "moby.buildkit.trace" && typeof event.aux === "string") log.add(decodeTrace(event.aux));
      const error = event.errorDetail?.message ?? event.error;
      if (error !== undefined) throw buildFailed(build, log, error);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw input.context.tar.errored ?? error;
  } finally {
    input.context.tar.destroy();
  }
  // So does an aborted one, and one that the engine gave up.
  signal.throwIfAborted();
  if ((await allow(docker.getImage(build.tag).inspect(), 404)) === null) {
    throw buildFailed(build, log, "the engine ended it without an image");
  }
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
    logTail: log.lines().slice(-20),
  });
}
