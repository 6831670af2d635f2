import type { CheckSpec } from "../domain/check.ts";
import { checkContainerName, networkName } from "../domain/naming.ts";
import type { ResolvedImage } from "../domain/stack.ts";
import type { Draft } from "./draft.ts";
import { planFiles } from "./files.ts";
import { containerHash, volumesOf } from "./identity.ts";
import { addressesOf } from "./seeding.ts";
import type { ContainerPlan } from "./step.ts";
import type { VolumeInput } from "./volumes.ts";

export type CheckInput = VolumeInput & {
  images: Readonly<Record<string, ResolvedImage>>;
  secrets?: Readonly<Record<string, string>>;
  /** Names of checks that have their result in this attempt. */
  checked?: ReadonlySet<string>;
};

/**
 * Adds the steps that check a candidate whose page answers, side by side; answers their ids. Those that it has to pass
 * are over when their step is, the others as soon as they run: from there on somebody else follows them.
 */
export function planChecks(input: CheckInput, draft: Draft, volumes: Readonly<Record<string, string>>): string[] {
  const { checks = [] } = input.stack;
  const due = checks.filter(({ name, runner }) => !input.checked?.has(name) && runner.name in input.images);
  for (const check of due) {
    const container = containerOf(check, input, draft, volumes);
    draft.containers.add(container.name);
    draft.steps.push({
      kind: "check",
      id: `check:${check.name}`,
      cause: check.required ? "has to pass before it takes over" : "only reports",
      after: ["probe", ...(container.files === undefined ? [] : ["fill"])],
      check: { name: check.name, required: check.required, timeoutMs: check.timeoutMs },
      container,
    });
  }
  return due.map(({ name }) => `check:${name}`);
}

function containerOf(
  { name, runner }: CheckSpec,
  input: CheckInput,
  draft: Draft,
  volumes: Readonly<Record<string, string>>,
): ContainerPlan {
  const { project, generation, checks = [] } = input.stack;
  const imageId = input.images[runner.name]?.id ?? "";
  const used = Object.fromEntries(volumesOf(runner).map((each) => [each, volumes[each] ?? each]));
  const files = planFiles(runner, input, draft);
  // After those of the services and of programs that seed, which are fixed as well.
  const index = addressesOf(input.stack) - checks.length + checks.findIndex((each) => each.name === name);
  return {
    name: checkContainerName(project, generation, name),
    service: runner,
    specHash: containerHash(runner, imageId, used, { secrets: input.secrets ?? {} }),
    imageId,
    generation,
    attachments: runner.networks.map(({ network }) => {
      return { network: networkName(project, generation, network), aliases: [runner.name], index };
    }),
    volumes: used,
    ...(files !== undefined && { files }),
  };
}
