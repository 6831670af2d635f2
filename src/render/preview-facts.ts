import type { Allowance } from "../domain/allowance.ts";
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
  /** Hosts that the operator has an account for: closed to a fork, since what they hold may lie on this host. */
  registries: readonly string[];
  /** What the operator allows previews of this repository; closed to a fork. */
  allow: readonly Allowance[];
  dataEpoch: number;
  domain: string;
  /** `scheme://host[:port]` of a host of the preview. */
  link(host: string): string;
};
