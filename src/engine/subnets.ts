import { isIPv4 } from "node:net";
import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import { statusOf, textOf } from "./docker.ts";

/** A run of IPv4 addresses: its first one as a number, and how many. */
export type Range = { base: number; size: number };

export type Subnets = {
  /**
   * Calls `attempt` with one free subnet after another until the engine takes one, the smallest that holds `addresses`
   * containers. Throws EngineError `subnets-exhausted`.
   */
  take<T>(addresses: number, attempt: (subnet: string) => Promise<T>): Promise<T>;
};

/**
 * Our own address management: the engine's default pools end after 30 networks. Subnets are handed out round-robin,
 * so that an address which just became free is not met again soon. `pool` is a CIDR like `10.213.0.0/16`; what the host
 * routes elsewhere by `routes` is passed over, while a route around the whole pool is not in its way.
 */
export function createSubnets(
  docker: Pick<Docker, "listNetworks">,
  pool: string,
  routes: () => Promise<readonly Range[]> = async () => [],
): Subnets {
  const whole = parseRange(pool);
  let cursor = 0;
  return {
    async take(addresses, attempt) {
      const size = fittingSize(addresses);
      const within = (await routes()).filter((route) => !contains(route, whole));
      const taken = [...(await usedRanges(docker)), ...within];
      for (const range of freeRanges(whole, size, cursor, taken)) {
        cursor = range.base + size - whole.base;
        try {
          return await attempt(formatRange(range));
        } catch (error) {
          if (!isOverlap(error)) throw error;
        }
      }
      throw new EngineError("subnets-exhausted", `no free subnet for ${addresses} containers is left in ${pool}`, {
        retry: "backoff",
      });
    },
  };
}

/** The smallest of /28, /27, /26 and /25 for so many containers: network, gateway and broadcast take three addresses. */
export function fittingSize(addresses: number): number {
  const size = [16, 32, 64, 128].find((each) => addresses <= each - 3);
  if (size === undefined) {
    throw new EngineError("subnets-exhausted", `${addresses} containers do not fit into one network (125 at most)`, {
      hint: "Split the stack over several networks.",
    });
  }
  return size;
}

/** Every free subnet of the pool, starting `cursor` addresses in and going round once. */
export function* freeRanges(pool: Range, size: number, cursor: number, taken: readonly Range[]): Generator<Range> {
  const count = Math.floor(pool.size / size);
  const first = Math.ceil(cursor / size);
  for (let index = 0; index < count; index++) {
    const range = { base: pool.base + ((first + index) % count) * size, size };
    if (!taken.some((other) => overlaps(range, other))) yield range;
  }
}

/** Address number `index` of a subnet for containers, from 0; its first two are its own and the gateway's. */
export function addressAt(subnet: string, index: number): string {
  const { base, size } = parseRange(subnet);
  if (index < 0 || index > size - 4) {
    throw new EngineError("subnets-exhausted", `subnet ${subnet} has no address number ${index}`);
  }
  return formatAddress(base + 2 + index);
}

/** Reads a CIDR; host bits are dropped. */
export function parseRange(cidr: string): Range {
  const [address = "", prefix = ""] = cidr.split("/");
  const size = 2 ** (32 - Number(prefix));
  const value = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { base: value - (value % size), size };
}

/** Whether an address is one of a CIDR's; an IPv4 address may come mapped (`::ffff:10.0.0.1`), any other is in none. */
export function isInside(cidr: string, address: string): boolean {
  const plain = address.replace(/^::ffff:/i, "");
  if (!isIPv4(plain)) return false;
  const { base, size } = parseRange(cidr);
  const { base: at } = parseRange(`${plain}/32`);
  return at >= base && at < base + size;
}

export function formatRange({ base, size }: Range): string {
  return `${formatAddress(base)}/${32 - Math.log2(size)}`;
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

function contains(outer: Range, inner: Range): boolean {
  return outer.base <= inner.base && outer.base + outer.size >= inner.base + inner.size;
}

function overlaps(a: Range, b: Range): boolean {
  return a.base < b.base + b.size && b.base < a.base + a.size;
}

async function usedRanges(docker: Pick<Docker, "listNetworks">): Promise<Range[]> {
  const networks = await docker.listNetworks();
  return networks
    .flatMap((network) => network.IPAM?.Config ?? [])
    .flatMap(({ Subnet }) => (Subnet?.includes(".") ? [parseRange(Subnet)] : []));
}

/** The one refusal known by its text: the engine answers "Pool overlaps …" with a bare 403, as it does other things. */
function isOverlap(error: unknown): boolean {
  return statusOf(error) === 403 && /overlaps/i.test(textOf(error));
}
