import type { ImageSpec } from "../../domain/service.ts";
import type { NamedContext } from "../../domain/stack.ts";
import { isRemote } from "../repository-path.ts";

/** Where one of `additional_contexts` comes from, as it is written. */
export type ContextSource =
  | { kind: "path"; path: string }
  | { kind: "image"; reference: string }
  | { kind: "service"; service: string }
  | { kind: "remote" };

/** Reads the value of one of `additional_contexts`: a path (already from the repository's root), an image, a service, or what only a builder could fetch. */
export function readContext(written: string): ContextSource {
  const image = /^docker-image:\/\/(.*)$/s.exec(written)?.[1];
  if (image !== undefined) return { kind: "image", reference: image };
  const service = /^service:(.*)$/s.exec(written)?.[1];
  if (service !== undefined) return { kind: "service", service };
  return isRemote(written) ? { kind: "remote" } : { kind: "path", path: written };
}

/** The contexts of a build that passed the policy; a service is its build, or the image that it runs. */
export function specifyContexts(
  written: Readonly<Record<string, string>>,
  imageOf: (service: string) => ImageSpec,
): NamedContext[] {
  return Object.entries(written).flatMap(([name, value]): NamedContext[] => {
    const source = readContext(value);
    if (source.kind === "remote") return [];
    if (source.kind !== "service") return [{ name, ...source }];
    const image = imageOf(source.service);
    return [image.kind === "build" ? { name, ...image } : { name, kind: "image", reference: image.reference }];
  });
}
