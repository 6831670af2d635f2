import { labels } from "../domain/labels.ts";
import { homeNetworkName } from "../domain/naming.ts";
import { allow, statusOf } from "./docker.ts";
import { findNetwork } from "./networks.ts";
import type { StepHost } from "./step-host.ts";
import type { Subnets } from "./subnets.ts";

export type Home = {
  /** Makes sure that it is there. */
  enter(): Promise<void>;
  /** Removes it; gone already is success. */
  leave(): Promise<void>;
};

/**
 * The one network that every kept service names as its mode, because the engine starts no container whose mode names a
 * network that is gone, and those of a generation go with it. Nobody is in it, and nobody in it would reach anybody.
 * What is asked here is done in the order of asking. Throws EngineError.
 */
export function createHome({ docker, server }: Pick<StepHost, "docker" | "server">, subnets: Subnets): Home {
  const name = homeNetworkName(server);
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {
      // Told to whoever asked; the next one is not concerned.
    });
    return mine;
  };
  const make = (subnet: string) =>
    docker.createNetwork({
      Name: name,
      Driver: "bridge",
      Internal: true,
      Options: { "com.docker.network.bridge.enable_icc": "false" },
      IPAM: { Driver: "default", Config: [{ Subnet: subnet }] },
      Labels: { [labels.server]: server, [labels.kind]: "home" },
    });

  return {
    enter: () =>
      inTurn(async () => {
        if ((await findNetwork(docker, name)) !== null) return;
        await subnets.take(1, make).catch((error: unknown) => {
          // The Mayfly before us, which is about to end, made it in between.
          if (statusOf(error) !== 409) throw error;
        });
      }),
    leave: () => inTurn(async () => void (await allow(docker.getNetwork(name).remove(), 404))),
  };
}
