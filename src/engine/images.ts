import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import { isImageReference } from "../domain/image-reference.ts";
import { labels } from "../domain/labels.ts";
import type { ImageSpec } from "../domain/service.ts";
import type { ResolvedImage } from "../domain/stack.ts";
import { allow, statusOf, textOf } from "./docker.ts";
import { jsonLines } from "./json-lines.ts";
import { accountFor, type Registries } from "./registries.ts";
import { hasAnswered, registryAnswer } from "./registry-answer.ts";

type PullEvent = {
  status?: string;
  id?: string;
  progress?: string;
  error?: string;
  errorDetail?: { message?: string };
};

/**
 * Looks an image up on this engine: by its name, or by the tag of its build. Null when it is not there, or was built
 * for another repository. Throws EngineError.
 */
export async function resolveImage(
  docker: Docker,
  image: ImageSpec,
  tag: string | null,
  repositoryId: number,
): Promise<ResolvedImage | null> {
  const name = image.kind === "pull" ? image.reference : tag;
  // A name is part of a call's path: what is none could make another call of it.
  if (name === null || !isImageName(name)) return null;
  const info = await allow(docker.getImage(name).inspect(), 404);
  const builtFor = info?.Config.Labels?.[labels.repository];
  if (info === null || (builtFor !== undefined && builtFor !== String(repositoryId))) return null;
  return { id: info.Id, ports: tcpPorts(info), volumes: Object.keys(info.Config.Volumes ?? {}).toSorted() };
}

/**
 * Pulls an image by name (`latest` when it names none), telling what is going on a line at a time. Throws EngineError
 * `image-unavailable`, which says whether a registry answered, and nothing of what it said.
 */
export async function pull(
  docker: Docker,
  reference: string,
  options: { signal: AbortSignal; registries?: Registries; onProgress?: (line: string) => void },
): Promise<void> {
  if (!isImageName(reference)) {
    throw new EngineError(
      "image-unavailable",
      `${JSON.stringify(reference.slice(0, 120))} is not the name of an image`,
    );
  }
  try {
    // Without a tag the engine would pull every tag there is.
    const call = { fromImage: withTag(reference), abortSignal: options.signal };
    const account = accountFor(options.registries ?? {}, reference);
    const stream = (await (account ? docker.createImage(account, call) : docker.createImage(call))) as Readable;
    for await (const event of jsonLines(stream) as AsyncGenerator<PullEvent>) {
      if (event.error !== undefined) throw unavailable(reference, event.errorDetail?.message ?? event.error, false);
      options.onProgress?.([event.id, event.status, event.progress].filter(Boolean).join(" "));
    }
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    throw unavailable(reference, textOf(error), hasAnswered(status, textOf(error)), error);
  }
}

/** A reference as registries know them, or the whole id of an image. */
function isImageName(text: string): boolean {
  return isImageReference(text) || /^sha256:[0-9a-f]{64}$/.test(text);
}

function unavailable(reference: string, text: string, answered: boolean, cause?: unknown): EngineError {
  const what = answered
    ? `image ${reference} is not to be had: ${registryAnswer(text)}`
    : `image ${reference} could not be pulled, no registry gave it: ${registryAnswer(text)}`;
  return new EngineError("image-unavailable", what, { cause, retry: answered ? "never" : "backoff" });
}

function withTag(reference: string): string {
  const last = reference.slice(reference.lastIndexOf("/") + 1);
  return last.includes(":") || last.includes("@") ? reference : `${reference}:latest`;
}

function tcpPorts(info: Docker.ImageInspectInfo): number[] {
  return Object.keys(info.Config.ExposedPorts ?? {})
    .filter((port) => !port.endsWith("/udp") && !port.endsWith("/sctp"))
    .map((port) => Number.parseInt(port, 10))
    .toSorted((a, b) => a - b);
}
