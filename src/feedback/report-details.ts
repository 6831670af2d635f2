import type { Deployment, Preview, TimelineEvent } from "../domain/preview.ts";
import { code, prose } from "./markdown.ts";
import { maskSecrets } from "./masking.ts";

/** What a report needs besides the view. */
export type ReportDetails = {
  preview: Preview;
  deployments: readonly Deployment[];
  timeline: readonly TimelineEvent[];
  /** Epoch milliseconds. */
  now: number;
  /** Where people look at commits and files: `https://github.com`. */
  webUrl: string;
  /** The preview's own page, with the whole log. */
  pageUrl: string;
  /** Values that are never told. */
  secrets: readonly string[];
};

/** `prose` and `code` for texts that may hold secrets. */
export function masked({ secrets }: ReportDetails): { prose: typeof prose; code: typeof code } {
  return {
    prose: (text, length) => prose(maskSecrets(text, secrets), length),
    code: (text, length) => code(maskSecrets(text, secrets), length),
  };
}
