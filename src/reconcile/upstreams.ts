import type { StackSpec } from "../domain/stack.ts";
import type { StackState } from "../domain/stack-state.ts";
import { attachmentsOf, belongsTo } from "../plan/identity.ts";
import type { UpstreamAddress } from "./ports.ts";

/** Where each route's requests go: the container's own address on its generation's first network. */
export function upstreamsOf(stack: StackSpec, state: StackState): UpstreamAddress[] {
  return stack.routes.flatMap((route) => {
    const service = stack.services.find((each) => each.name === route.service);
    const network = service && attachmentsOf(stack, service)[0]?.network;
    const container = state.containers.find(
      (each) => each.service === route.service && each.state === "running" && belongsTo(each, stack.generation, state),
    );
    const address = network === undefined ? undefined : container?.addresses[network];
    return address ? [{ service: route.service, address, port: route.port }] : [];
  });
}
