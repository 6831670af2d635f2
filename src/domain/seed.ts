import { databaseOf } from "./database.ts";
import type { ServiceSpec } from "./service.ts";

/** What a seed's file is: it decides who reads it. */
export type SeedForm = "sql" | "sql.gz" | "dump" | "shell" | "rdb";

/** One thing that a service's data starts with. Paths are relative to the repository's root. */
export type SeedPart =
  | { kind: "file"; path: string; form: SeedForm }
  /** Files that the volume holds before its service starts. */
  | { kind: "folder"; path: string }
  /** A program of the stack's own, in the image of one of its services. */
  | { kind: "run"; service: string; command: string[] }
  /** A source of the server file; its edition comes first. */
  | { kind: "source"; name: string };

/** What a kept service's volume holds once, in order, before anything that depends on it starts. */
export type SeedSpec = {
  service: string;
  volume: string;
  parts: SeedPart[];
  /** Hash of what all of it is, from the moment the stack was prepared. */
  content?: string;
};

export type LaidPart = Extract<SeedPart, { kind: "folder" }> | { kind: "file"; path: string; form: "rdb" };

/** Whether a part lies in the volume before anything runs on it. */
export function isLaid(part: SeedPart): part is LaidPart {
  return part.kind === "folder" || (part.kind === "file" && part.form === "rdb");
}

/**
 * A seed's parts before its service starts, and those that need it: what lies in the volume first, and programs of its own
 * image that find no server of it to ask.
 */
export function splitParts(parts: readonly SeedPart[], service: ServiceSpec): [early: SeedPart[], late: SeedPart[]] {
  const isOwn = (part: SeedPart) =>
    part.kind === "run" && part.service === service.name && databaseOf(service) === null;
  const first = parts.findIndex((part) => !isLaid(part) && !isOwn(part));
  const cut = first === -1 ? parts.length : first;
  return [parts.slice(0, cut), parts.slice(cut)];
}

/** The paths of the repository that a seed reads. */
export function seedPaths({ parts }: Pick<SeedSpec, "parts">): string[] {
  return parts.flatMap((part) => ("path" in part ? [part.path] : []));
}

/** A seed's parts as people wrote them. */
export function describeParts({ parts }: Pick<SeedSpec, "parts">): string[] {
  return parts.map((part) => {
    switch (part.kind) {
      case "file":
        return part.path;
      case "folder":
        return `${part.path}/`;
      case "run":
        return `a program of ${part.service}`;
      case "source":
        return `source ${part.name}`;
    }
  });
}
