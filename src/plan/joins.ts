import type { ServiceSpec } from "../domain/service.ts";
import type { StackSpec } from "../domain/stack.ts";
import type { Draft } from "./draft.ts";
import { attachmentsOf } from "./identity.ts";
import type { Attachment } from "./step.ts";

type Input = { stack: StackSpec; servingNetworks: readonly Attachment[] };
type Container = { addresses: Readonly<Record<string, string>> };

export type Joins = {
  /** The generation's own networks, where it is in none of those that serve. */
  first: Attachment[];
  /** What makes two addresses of one. */
  whenReady: Attachment[];
  /** Where its ports are asked, before the second join. */
  network: string;
  /** It is in networks of both generations, and so was ready. */
  hadPassed: boolean;
};

/**
 * Which networks a service's container joins still, and when. A push has a kept one in the networks of two
 * generations, with an address in each, and a health check that asks for its one (`hostname -i`) fails meanwhile. So it
 * is asked where it is, joins when it is ready, and having joined tells that it was. `replaces`: a container that
 * serves, on the same data; its place is taken too.
 */
export function joinsTo(input: Input, service: ServiceSpec, container: Container, replaces: boolean): Joins {
  const own = attachmentsOf(input.stack, service);
  const serving = input.servingNetworks.filter((each) => each.aliases.includes(service.name));
  const isIn = ({ network }: Attachment) => network in container.addresses;
  const isOut = (place: Attachment) => !isIn(place);
  const served = serving.find(isIn);
  return {
    first: served ? [] : own.filter(isOut),
    whenReady: [...(served ? own.filter(isOut) : []), ...(replaces ? serving.filter(isOut) : [])],
    network: (own.find(isIn) ?? served ?? own[0])?.network ?? "",
    hadPassed: served !== undefined && own.some(isIn),
  };
}

/** Adds the steps that join a container to networks. */
export function pushJoins(
  draft: Draft,
  { service, container }: { service: string; container: string },
  places: readonly Attachment[],
  { cause, after }: { cause: string; after: string[] },
): void {
  for (const attachment of places) {
    draft.steps.push({
      kind: "join",
      id: `join:${service}:${attachment.network}`,
      cause,
      after: [...after, `create:${service}`, `create-network:${attachment.network}`],
      container,
      service,
      attachment,
    });
  }
}
