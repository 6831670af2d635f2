import type Docker from "dockerode";
import { EngineError } from "../../domain/errors.ts";
import type { SeedPart } from "../../domain/seed.ts";
import { containerOptions } from "../../engine/container-options.ts";
import { startContainer } from "../../engine/containers.ts";
import { allow } from "../../engine/docker.ts";
import { describeExit } from "../../engine/exits.ts";
import { tail } from "../../engine/logs.ts";
import { addressesOf } from "../../engine/networks.ts";
import { putSecretFiles } from "../../engine/secret-files.ts";
import { tellingLine } from "./tool.ts";
import type { ContainerPlan } from "../../plan/step.ts";

/** What a program is run in: a container that is there for it alone. */
export type ProgramPlace = {
  plan: ContainerPlan;
  server: string;
  labels: Record<string, string>;
  /** Values of the secrets that it is given. */
  secrets: ReadonlyMap<string, string>;
  /** Names of those that its service has, and it has not. */
  withoutSecrets: readonly string[];
};

/** Runs a seed's program in the image of one of the stack's services and waits for its end. Nothing of it stays. Throws EngineError `seed-failed`. */
export async function runProgram(
  docker: Docker,
  { part, place }: { part: Extract<SeedPart, { kind: "run" }>; place: ProgramPlace },
  signal: AbortSignal,
): Promise<void> {
  const { plan, server, labels, secrets } = place;
  const service = { ...plan.service, command: part.command };
  const remove = () => allow(docker.getContainer(plan.name).remove({ force: true, v: true }), 404, 409);
  await remove();
  const addresses = await addressesOf(docker, plan.attachments);
  const owner = { server, preview: "", project: "", addresses, secrets };
  const options = { ...containerOptions({ ...plan, service }, owner), Labels: labels };
  signal.throwIfAborted();
  try {
    const call = { _query: { name: plan.name }, _body: options };
    const container = await docker.createContainer(call as Docker.ContainerCreateOptions);
    await putSecretFiles(container, service.secretFiles, secrets);
    await startContainer({ docker }, { container: plan.name, service: part.service });
    await container.wait({ abortSignal: signal });
    signal.throwIfAborted();
    const info = await container.inspect();
    if (info.State.ExitCode === 0) return;
    throw failed(part, { exit: describeExit(info), lines: await tail(docker, plan.name, 20) }, place);
  } finally {
    await remove();
  }
}

function failed(
  { service, command }: Extract<SeedPart, { kind: "run" }>,
  { exit, lines }: { exit: string; lines: string[] },
  { withoutSecrets }: ProgramPlace,
): EngineError {
  const said = tellingLine(lines);
  const hint =
    withoutSecrets.length === 0
      ? "Its last lines are below; run it in that image with an empty database to see more."
      : `Nothing that previews share is made with secrets: it ran without ${withoutSecrets.join(", ")}.`;
  const shown = (command[2] ?? command.join(" ")).slice(0, 200);
  return new EngineError("seed-failed", `\`${shown}\` in ${service} ${exit}${said === undefined ? "" : `: ${said}`}`, {
    hint,
    service,
    logTail: lines,
  });
}
