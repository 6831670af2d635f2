import type { Healthcheck, RestartPolicy, ServiceSpec } from "../../domain/service.ts";
import type { Healthcheck as ComposeHealthcheck, Service } from "../compose-model.ts";

/** `restart`, or what `deploy.restart_policy` says instead: Compose lets it win (Compose Deploy specification). */
export function specifyRestart(
  model: Pick<Service, "restart" | "deploy">,
): Pick<ServiceSpec, "restart" | "restartTries"> {
  const { deploy, restart = "no" } = model;
  const policy = deploy?.restart_policy;
  const [name = "no", tries] = policy ? [policy.condition ?? "any", policy.max_attempts] : restart.split(":");
  const known = restarts[name] ?? "no";
  const count = known === "on-failure" && tries !== undefined ? Number(tries) : 0;
  return { restart: known, ...(count > 0 && { restartTries: count }) };
}

const restarts: Readonly<Record<string, RestartPolicy>> = {
  no: "no",
  none: "no",
  always: "always",
  any: "always",
  "on-failure": "on-failure",
  "unless-stopped": "unless-stopped",
};

/** What is not said is the image's, and then the engine's, as with Compose. */
export function specifyHealth(health: ComposeHealthcheck | undefined): Healthcheck | "none" | null {
  if (!health) return null;
  if (health.disable === true || health.test?.[0] === "NONE") return "none";
  return {
    test: health.test ?? [],
    intervalMs: health.interval ?? null,
    timeoutMs: health.timeout ?? null,
    retries: health.retries ?? null,
    startPeriodMs: health.start_period ?? null,
    startIntervalMs: health.start_interval ?? null,
  };
}
