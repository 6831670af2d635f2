import type { Trust } from "../domain/stack.ts";

/** What rendering may know of the preview. */
export type PreviewFacts = {
  slug: string;
  project: string;
  key: string;
  number: number;
  repository: string;
  branch: string;
  commit: string;
  generation: number;
  trust: Trust;
  /** Registries whose images this preview does not get, by host. */
  closedRegistries: readonly string[];
  dataEpoch: number;
  domain: string;
  /** `scheme://host[:port]` of a host of the preview. */
  link(host: string): string;
};
