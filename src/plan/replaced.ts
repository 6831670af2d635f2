import type { StackSpec } from "../domain/stack.ts";
import type { DeployInput } from "./deploy.ts";
import { volumesOf } from "./identity.ts";
import type { Replaced } from "./step.ts";

/** The data of what serves that the candidate does not go on with: it can be asked back for a while. */
export function replacedBy(
  { candidate, serving, state, whole }: Pick<DeployInput, "candidate" | "serving" | "state" | "whole">,
  volumes: Readonly<Record<string, string>>,
): Replaced[] {
  return Object.entries(serving?.resolved?.volumes ?? {}).flatMap(([volume, name]) => {
    const next = volumes[volume];
    const isThere = whole.has(name) && state.volumes.some((each) => each.name === name);
    if (serving === null || next === undefined || next === name || !isThere) return [];
    const owner = serving.services.find((each) => volumesOf(each).includes(volume));
    return [
      {
        name,
        volume,
        service: owner?.name ?? null,
        image: owner?.image.kind === "pull" ? owner.image.reference : null,
        edition: serving.volumes.find((each) => each.name === volume)?.edition ?? null,
        cause: causeOf(candidate, volume),
        replacedBy: candidate.generation,
      },
    ];
  });
}

function causeOf({ volumes }: StackSpec, volume: string): string {
  const choice = volumes.find((each) => each.name === volume)?.choice;
  if (choice?.kind === "restore") return "`/restore`";
  return choice?.kind === "re-branch" ? choice.cause : "another image";
}
