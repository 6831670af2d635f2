import type { AuditEntry } from "../domain/audit.ts";
import type { CheckView } from "../domain/check.ts";
import { MayflyError } from "../domain/errors.ts";
import { isLocalKey } from "../domain/local.ts";
import { type Deployment, newestOf, servingOf, type TimelineEvent } from "../domain/preview.ts";
import type { StackState } from "../domain/stack-state.ts";
import type { PreviewView } from "../domain/view.ts";
import type { ApiWorld } from "./world.ts";

/** All that a preview's page tells, but the logs. */
export type PreviewFacts = {
  view: PreviewView;
  /** Newest first. */
  deployments: Deployment[];
  newest: Deployment | null;
  serving: Deployment | null;
  /** Of the newest attempt. */
  timeline: TimelineEvent[];
  /** Null while the engine does not answer. */
  containers: StackState["containers"] | null;
  /** Of the newest attempt, each with its last lines. */
  checks: (CheckView & { tail: string[] })[];
  /** The latest entries, newest first. */
  audit: AuditEntry[];
  /** Where the commits and the pull request are; null for a preview of `mayfly up`. */
  webUrl: string | null;
  now: number;
};

/** Gathers the facts of one preview as they are now. */
export async function gatherFacts(world: ApiWorld, view: PreviewView): Promise<PreviewFacts> {
  const deployments = world.deployments(view.key).toSorted((a, b) => b.generation - a.generation);
  const newest = newestOf(deployments);
  return {
    view,
    deployments,
    newest,
    serving: servingOf(deployments),
    timeline: world.timeline(view.key).filter((event) => event.generation === newest?.generation),
    containers: await observeContainers(world, view.key),
    checks: view.checks.map((check) => ({ ...check, tail: world.checkLog(view.key, check.name).slice(-20) })),
    audit: world.audit.list({ preview: view.key, limit: 10 }),
    webUrl: isLocalKey(view.key) ? null : world.webUrl,
    now: world.clock.now(),
  };
}

async function observeContainers({ observe, log }: ApiWorld, key: string): Promise<StackState["containers"] | null> {
  try {
    return (await observe(key)).containers;
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error;
    log.debug({ err: error, preview: key }, "page without the engine's facts");
    return null;
  }
}
