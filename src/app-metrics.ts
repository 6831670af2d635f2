import type { Numbers } from "./api/world.ts";
import type { Phase, PreviewView } from "./domain/view.ts";

const phases: Phase[] = ["pending", "building", "starting", "ready", "failed", "blocked", "removing"];

/** Prometheus text (exposition format 0.0.4): how many previews there are in which state, and what waits. */
export function formatMetrics({ views, numbers }: { views: readonly PreviewView[]; numbers: Numbers }): string {
  const inPhase = (phase: Phase) => views.filter((view) => view.phase === phase).length;
  return [
    "# HELP mayfly_previews Previews by phase.",
    "# TYPE mayfly_previews gauge",
    ...phases.map((phase) => `mayfly_previews{phase="${phase}"} ${inPhase(phase)}`),
    "# HELP mayfly_queue_length Previews waiting to be brought to their wish, or being brought.",
    "# TYPE mayfly_queue_length gauge",
    `mayfly_queue_length ${numbers.waiting}`,
    "# HELP mayfly_orphans Previews without a pull request found by the last sweep.",
    "# TYPE mayfly_orphans gauge",
    `mayfly_orphans ${numbers.orphans ?? 0}`,
    "",
  ].join("\n");
}
