import type Docker from "dockerode";
import { labels } from "../domain/labels.ts";
import type { ServiceSpec } from "../domain/service.ts";
import { allow, parseTime } from "./docker.ts";
import { ownedBy } from "./ownership.ts";

/** The engine restarts services by our policy: "always" would also start what a person stopped. */
export function restartOptions({
  restart,
  restartTries,
}: Pick<ServiceSpec, "restart" | "restartTries">): Docker.HostRestartPolicy {
  const Name = restart === "always" ? "unless-stopped" : restart;
  return { Name, ...(restartTries !== undefined && { MaximumRetryCount: restartTries }) };
}

/** The same as a label, which the engine lets nobody change. */
export function restartLabel(service: Pick<ServiceSpec, "restart" | "restartTries">): string {
  const { Name, MaximumRetryCount: tries } = restartOptions(service);
  return tries === undefined ? Name : `${Name}:${tries}`;
}

/** While a container starts, the engine restarts it: it may fail until what it needs is there. Throws EngineError. */
export async function restartWhileStarting(container: Docker.Container): Promise<void> {
  const info = await allow(container.inspect(), 404);
  const [Name = "no", tries] = (info?.Config.Labels[labels.restart] ?? "").split(":");
  if (Name === "" || info?.HostConfig.RestartPolicy?.Name === Name) return;
  await allow(container.update({ RestartPolicy: { Name, MaximumRetryCount: Number(tries ?? 0) } }), 404);
}

/** It is over its first failures after this. */
const settledMs = 10_000;

/**
 * What of a preview is up for a while is started by us alone from then on: an engine that comes back after a restart would
 * start all previews at once. False where something is not up for long enough yet. Throws EngineError.
 */
export async function restartByUsAlone(
  docker: Docker,
  { server, preview, now }: { server: string; preview: string; now: number },
): Promise<boolean> {
  const running = await docker.listContainers({
    filters: { ...ownedBy(server, preview), status: ["running", "paused"] },
  });
  const settled = await Promise.all(
    running
      .filter(({ Labels }) => (Labels[labels.restart] ?? "no") !== "no")
      .map(async ({ Id }) => {
        const container = docker.getContainer(Id);
        const info = await allow(container.inspect(), 404);
        if (info === null || info.HostConfig.RestartPolicy?.Name === "no") return true;
        if (now - (parseTime(info.State.StartedAt) ?? now) < settledMs) return false;
        // 409: it is being removed.
        await allow(container.update({ RestartPolicy: { Name: "no" } }), 404, 409);
        return true;
      }),
  );
  return settled.every(Boolean);
}
