import type Docker from "dockerode";
import { composeLabels, labels, previewLabels } from "../domain/labels.ts";
import type { Attachment, Step } from "../plan/step.ts";
import { endpointOptions } from "./container-options.ts";
import { allow, statusOf } from "./docker.ts";
import { ownerOf, refuseForeign } from "./ownership.ts";
import type { StepHost, StepScope } from "./step-host.ts";
import { addressAt, type Subnets } from "./subnets.ts";

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** Makes a network on a subnet of our own; one of that name that is ours is kept. */
export async function createNetwork(
  host: StepHost,
  subnets: Subnets,
  step: StepOf<"create-network">,
  scope: StepScope,
): Promise<void> {
  const found = await findNetwork(host.docker, step.name);
  if (found) return refuseForeign(found.Labels, ownerOf(host, scope), `network ${step.name}`);
  await subnets.take(step.addresses, (subnet) =>
    host.docker.createNetwork({
      Name: step.name,
      Driver: "bridge",
      Internal: step.network.internal || host.egress === "none",
      IPAM: { Driver: "default", Config: [{ Subnet: subnet }] },
      Labels: {
        ...composeLabels(scope.project, { network: step.network.name }),
        ...previewLabels({ server: host.server, preview: scope.preview.key }, "network", step.generation),
        [labels.network]: step.network.name,
      },
    }),
  );
}

/** Joins a container to one more network under its names; being there already is success. */
export async function join(host: StepHost, step: StepOf<"join">, scope: StepScope): Promise<void> {
  const container = await host.docker.getContainer(step.container).inspect();
  refuseForeign(container.Config.Labels, ownerOf(host, scope), `container ${step.container}`);
  const network = host.docker.getNetwork(step.attachment.network);
  const { Id } = await network.inspect();
  const present = container.NetworkSettings.Networks[step.attachment.network];
  if (present?.NetworkID === Id) return;
  scope.signal.throwIfAborted();
  // A stopped container remembers a network of that name which was removed since.
  if (present) await allow(network.disconnect({ Container: container.Id, Force: true }), 404);
  const addresses = await addressesOf(host.docker, [step.attachment]);
  await network.connect({
    Container: container.Id,
    EndpointConfig: endpointOptions(step.service, step.attachment, addresses),
  });
}

/** Takes a container out of a network; either of them being gone is success. */
export async function leave(host: StepHost, step: StepOf<"leave">, scope: StepScope): Promise<void> {
  const container = await allow(host.docker.getContainer(step.container).inspect(), 404);
  if (container?.NetworkSettings.Networks[step.network] === undefined) return;
  refuseForeign(container.Config.Labels, ownerOf(host, scope), `container ${step.container}`);
  scope.signal.throwIfAborted();
  await allow(host.docker.getNetwork(step.network).disconnect({ Container: container.Id, Force: true }), 404);
}

/** Removes a network, whoever is still in it: a container that only remembers it could not be started again. */
export async function removeNetwork(host: StepHost, step: StepOf<"remove-network">, scope: StepScope): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = await findNetwork(host.docker, step.name);
    if (found === null) return;
    refuseForeign(found.Labels, ownerOf(host, scope), `network ${step.name}`);
    await disconnectAll(host.docker, found);
    scope.signal.throwIfAborted();
    try {
      await allow(host.docker.getNetwork(found.Id).remove(), 404);
      return;
    } catch (error) {
      // "has active endpoints": somebody came in between, or a dying container has not let go yet.
      if (statusOf(error) !== 403 || attempt === 10) throw error;
      await host.clock.sleep(100, scope.signal);
    }
  }
}

/** The fixed addresses of a container's places, by network. Throws EngineError when a network is missing. */
export async function addressesOf(
  docker: Pick<Docker, "getNetwork">,
  attachments: readonly Attachment[],
): Promise<Record<string, string>> {
  const addresses: Record<string, string> = {};
  for (const { network, index } of attachments) {
    if (index === null) continue;
    const info = await docker.getNetwork(network).inspect();
    const subnet = info.IPAM?.Config?.[0]?.Subnet;
    if (subnet !== undefined) addresses[network] = addressAt(subnet, index);
  }
  return addresses;
}

export async function findNetwork(docker: Docker, name: string): Promise<Docker.NetworkInspectInfo | null> {
  return allow(docker.getNetwork(name).inspect(), 404);
}

/** Takes everybody out of a network. `inspect` knows the running ones and stale endpoints, the list knows the stopped ones too. */
export async function disconnectAll(docker: Docker, network: Docker.NetworkInspectInfo): Promise<void> {
  const attached = await docker.listContainers({ all: true, filters: { network: [network.Name] } });
  const names = new Set(attached.map(({ Id }) => Id));
  for (const [id, { Name }] of Object.entries(network.Containers ?? {})) if (!names.has(id)) names.add(Name);
  for (const name of names) {
    await allow(docker.getNetwork(network.Id).disconnect({ Container: name, Force: true }), 404);
  }
}
