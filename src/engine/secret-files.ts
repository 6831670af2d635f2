import { buffer } from "node:stream/consumers";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { EngineError } from "../domain/errors.ts";
import type { SecretFile } from "../domain/service.ts";
import type { ContainerPlan } from "../plan/step.ts";
import { secretsPath } from "./container-mounts.ts";
import type { StepScope } from "./step-host.ts";

/** The values of the secrets that a container's plan names, and of no other. Throws EngineError when one is not there. */
export function secretsOf({ service }: ContainerPlan, { secrets }: StepScope): ReadonlyMap<string, string> {
  return new Map(
    service.secrets.map((name) => {
      const value = secrets?.get(name);
      if (value !== undefined) return [name, value];
      throw new EngineError("engine-refused", `${service.name} needs the secret ${name}, which was not read`, {
        service: service.name,
        retry: "backoff",
      });
    }),
  );
}

/** Writes secrets into a container's folder for them, before it is started. Throws EngineError. */
export async function putSecretFiles(
  container: Docker.Container,
  files: readonly SecretFile[],
  secrets: ReadonlyMap<string, string>,
): Promise<void> {
  if (files.length === 0) return;
  const tar = pack();
  for (const { secret, file, uid, gid, mode } of files) {
    tar.entry({ name: file, uid, gid, mode }, secrets.get(secret) ?? "");
  }
  tar.finalize();
  await container.putArchive(await buffer(tar), { path: secretsPath });
}
