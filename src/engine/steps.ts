import { MayflyError } from "../domain/errors.ts";
import type { Step } from "../plan/step.ts";
import {
  createContainer,
  pauseContainer,
  removeContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from "./containers.ts";
import { fillFiles } from "./files-volume.ts";
import { createHome } from "./home.ts";
import { createNetwork, join, leave, removeNetwork } from "./networks.ts";
import { awaitListening, awaitReady } from "./readiness.ts";
import type { StepHost, StepScope } from "./step-host.ts";
import { createSubnets } from "./subnets.ts";
import { createVolume, removeVolume } from "./volumes.ts";

/**
 * Runs the engine's kinds of step. Each may be killed at any point and run again: "already so" is success. The signal
 * counts between calls; one that is under way is awaited, since an aborted call may have succeeded. Throws EngineError.
 */
export function createSteps(host: StepHost): {
  run(step: Step, scope: StepScope): Promise<void>;
  /** When the last preview has gone. */
  leaveHome(): Promise<void>;
} {
  const subnets = createSubnets(host.docker, host.pool, host.routes);
  const home = createHome(host, subnets);
  return {
    leaveHome: home.leave,
    async run(step, scope) {
      scope.signal.throwIfAborted();
      const startedAt = host.clock.now();
      try {
        await handle(step, scope);
      } catch (error) {
        // What a newer generation interrupted did not fail.
        scope.signal.throwIfAborted();
        throw error;
      }
      host.log.debug(
        { preview: scope.preview.key, step: step.id, cause: step.cause, durationMs: host.clock.now() - startedAt },
        "step done",
      );
    },
  };

  async function handle(step: Step, scope: StepScope): Promise<void> {
    switch (step.kind) {
      case "create-network":
        return createNetwork(host, subnets, step, scope);
      case "create-volume":
        return createVolume(host, step, scope);
      case "fill":
        return fillFiles(host, step, scope);
      case "create":
        if (step.container.hasHome) await home.enter();
        return createContainer(host, step, scope);
      case "start":
        // Somebody may have pruned what nobody is in.
        if (step.hasHome) await home.enter();
        return startContainer(host, step);
      case "join":
        return join(host, step, scope);
      case "await":
        return awaitReady(host, step.readiness, scope.signal);
      case "listen":
        return awaitListening(host, step.readiness, scope.signal);
      case "stop":
        return stopContainer(host, step, scope.signal);
      case "pause":
        return pauseContainer(host, step);
      case "unpause":
        return unpauseContainer(host, step);
      case "remove":
        return removeContainer(host, step, scope);
      case "leave":
        return leave(host, step, scope);
      case "remove-network":
        return removeNetwork(host, step, scope);
      case "remove-volume":
        return removeVolume(host, step, scope);
      case "branch":
      case "anchor":
      case "seed":
      case "complete":
      case "probe":
      case "check":
      case "swap":
      case "drain":
      case "lull":
        throw new MayflyError("internal", `a ${step.kind} step was given to the engine`);
    }
  }
}
