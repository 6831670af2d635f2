import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import { labels } from "../domain/labels.ts";
import type { Step } from "../plan/step.ts";
import { containerOptions } from "./container-options.ts";
import { allow, statusOf } from "./docker.ts";
import { cleanLine } from "./log-lines.ts";
import { addressesOf } from "./networks.ts";
import { ownerOf, refuseForeign } from "./ownership.ts";
import { restartWhileStarting } from "./restart-policy.ts";
import { putSecretFiles, secretsOf } from "./secret-files.ts";
import type { StepHost, StepScope } from "./step-host.ts";
import { makeFolders } from "./volume-folders.ts";

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/**
 * Makes a container. One of that name that was started with the same spec is kept; one in state `created` may lack
 * its files and is made again.
 */
export async function createContainer(host: StepHost, step: StepOf<"create">, scope: StepScope): Promise<void> {
  const plan = step.container;
  const found = await allow(host.docker.getContainer(plan.name).inspect(), 404);
  if (found) {
    refuseForeign(found.Config.Labels, ownerOf(host, scope), `container ${plan.name}`);
    if (found.State.Status !== "created" && found.Config.Labels[labels.specHash] === plan.specHash) return;
    await remove(host, { container: found.Id, graceMs: plan.service.stopGraceMs ?? 0 }, scope);
  }
  await makeFolders(host, plan, scope);
  const addresses = await addressesOf(host.docker, plan.attachments);
  const secrets = secretsOf(plan, scope);
  const owner = { server: host.server, preview: scope.preview.key, project: scope.project, addresses, secrets };
  scope.signal.throwIfAborted();
  // Named apart, since dockerode would put the whole payload, environment included, into the URL as well.
  const call = { _query: { name: plan.name }, _body: containerOptions(plan, owner) };
  const container = await host.docker.createContainer(call as Docker.ContainerCreateOptions).catch((error: unknown) => {
    throw statusOf(error) === 404 ? imageGone(plan.service.name, error) : error;
  });
  // Killed before this, it stays in state `created`, and is made again.
  await putSecretFiles(container, plan.service.secretFiles, secrets);
}

/** Removed since the plan was made: the next run finds it missing, and builds or pulls it again. */
function imageGone(service: string, cause: unknown): EngineError {
  return new EngineError("image-unavailable", `the image of ${service} was removed from this host meanwhile`, {
    cause,
    service,
    retry: "backoff",
  });
}

/** Starts a container; running already is success. Throws EngineError `service-exited` when its command cannot run. */
export async function startContainer(
  host: Pick<StepHost, "docker">,
  step: Pick<StepOf<"start">, "container" | "service">,
): Promise<void> {
  const container = host.docker.getContainer(step.container);
  await restartWhileStarting(container);
  try {
    await allow(container.start(), 304);
  } catch (error) {
    const info = await allow(container.inspect(), 404);
    // 126 and 127, as in a shell: the command may not be run, or is not there.
    if (info?.State.ExitCode !== 126 && info?.State.ExitCode !== 127) throw error;
    throw new EngineError(
      "service-exited",
      `${step.service} could not be started: ${cleanLine(info.State.Error).slice(0, 1000)}`,
      {
        cause: error,
        service: step.service,
        hint: "Check `command:` and `entrypoint:`, and that the image holds the program.",
      },
    );
  }
}

/**
 * Ends a container by its own stop signal, and by force after the grace; stopped or gone already is success. One without
 * data is killed when the step is aborted: somebody waits for its next start.
 */
export async function stopContainer(
  host: Pick<StepHost, "docker">,
  step: Pick<StepOf<"stop">, "container" | "graceMs" | "hurries">,
  signal: AbortSignal,
): Promise<void> {
  const container = host.docker.getContainer(step.container);
  const kill = (): void =>
    void container.kill().catch(() => {
      // It ended in between; or else its grace ends it.
    });
  if (step.hurries) signal.addEventListener("abort", kill, { once: true });
  try {
    await allow(container.stop({ t: Math.ceil(step.graceMs / 1000) }), 304, 404);
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** Lets a container's processes stand still; standing still, ended or gone already is success. */
export async function pauseContainer(host: StepHost, step: StepOf<"pause">): Promise<void> {
  await unlessSo(host, step.container, (call) => call.pause(), ["paused", "exited", "dead", "removing"]);
}

/** Lets a container's processes go on; running already is success. */
export async function unpauseContainer(host: StepHost, step: StepOf<"unpause">): Promise<void> {
  await unlessSo(host, step.container, (call) => call.unpause(), ["running", "restarting"]);
}

/** The engine refuses with 409 for any reason: whether it is so already, only the container tells. */
async function unlessSo(
  { docker }: Pick<StepHost, "docker">,
  name: string,
  call: (container: Docker.Container) => Promise<unknown>,
  so: readonly string[],
): Promise<void> {
  const container = docker.getContainer(name);
  try {
    await call(container);
  } catch (error) {
    const info = statusOf(error) === 409 ? await allow(container.inspect(), 404) : null;
    if (info === null || !so.includes(info.State.Status)) throw error;
  }
}

/** Stops a container within its grace and removes it with its anonymous volumes; gone already is success. */
export async function removeContainer(host: StepHost, step: StepOf<"remove">, scope: StepScope): Promise<void> {
  const found = await allow(host.docker.getContainer(step.container).inspect(), 404);
  if (found === null) return;
  refuseForeign(found.Config.Labels, ownerOf(host, scope), `container ${step.container}`);
  await remove(host, { container: found.Id, graceMs: found.State.Running ? step.graceMs : 0 }, scope);
}

async function remove(host: StepHost, which: { container: string; graceMs: number }, scope: StepScope): Promise<void> {
  const container = host.docker.getContainer(which.container);
  if (which.graceMs > 0) await allow(container.stop({ t: Math.ceil(which.graceMs / 1000) }), 304, 404);
  scope.signal.throwIfAborted();
  // 409: somebody is removing it already.
  await allow(container.remove({ v: true, force: true }), 404, 409);
  while ((await allow(container.inspect(), 404)) !== null) await host.clock.sleep(50, scope.signal);
}
