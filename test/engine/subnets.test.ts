import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createSubnets,
  addressAt,
  fittingSize,
  formatRange,
  freeRanges,
  isInside,
  parseRange,
} from "../../src/engine/subnets.ts";
import { createWorld, idle, type World } from "./world.ts";

/** As many at once as the engine makes progress with. */
async function inTurns(names: readonly string[], run: (name: string) => Promise<unknown>): Promise<void> {
  const left = [...names];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await run(name);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

describe("arithmetic", () => {
  test.each([
    [0, 16],
    [13, 16],
    [14, 32],
    [29, 32],
    [30, 64],
    [61, 64],
    [62, 128],
    [125, 128],
  ])("%i containers fit into a subnet of %i addresses", (addresses, size) => {
    expect(fittingSize(addresses)).toBe(size);
  });

  test("126 containers fit into none", () => {
    expect(() => fittingSize(126)).toThrow(expect.objectContaining({ code: "subnets-exhausted" }));
  });

  test.each([
    ["10.213.0.0/28", 0, "10.213.0.2"],
    ["10.213.0.16/28", 12, "10.213.0.30"],
    ["10.213.255.128/25", 124, "10.213.255.254"],
    ["192.168.1.0/27", 1, "192.168.1.3"],
  ])("address of %s number %i is %s", (subnet, index, address) => {
    expect(addressAt(subnet, index)).toBe(address);
  });

  test.each([
    ["10.213.0.0/16", "10.213.0.1", true],
    ["10.213.0.0/16", "10.213.255.255", true],
    ["10.213.0.0/16", "::ffff:10.213.4.5", true],
    ["10.213.0.0/16", "::FFFF:10.213.4.5", true],
    ["10.213.0.0/16", "10.214.0.0", false],
    ["10.213.0.0/16", "10.212.255.255", false],
    ["172.17.0.0/16", "172.17.0.2", true],
    ["200.0.0.0/8", "200.1.2.3", true],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["0.0.0.0/0", "::1", false],
    ["0.0.0.0/0", "", false],
    ["10.213.0.0/16", "fe80::10.213.0.1", false],
  ])("%s and %s: inside is %s", (cidr, address, inside) => {
    expect(isInside(cidr, address)).toBe(inside);
  });

  test("the broadcast address is nobody's", () => {
    expect(() => addressAt("10.213.0.0/28", 13)).toThrow(expect.objectContaining({ code: "subnets-exhausted" }));
  });

  test.each(["10.213.0.0/16", "192.168.7.16/28", "0.0.0.0/0", "255.255.255.128/25"])(
    "%s is read and written",
    (cidr) => {
      expect(formatRange(parseRange(cidr))).toBe(cidr);
    },
  );

  test.each([
    ["from the start", 16, 0, [], ["10.0.0.0/28", "10.0.0.16/28", "10.0.0.32/28", "10.0.0.48/28"]],
    ["from the cursor, round", 16, 32, [], ["10.0.0.32/28", "10.0.0.48/28", "10.0.0.0/28", "10.0.0.16/28"]],
    ["aligned to a larger size", 32, 16, [], ["10.0.0.32/27", "10.0.0.0/27"]],
    ["around what is taken", 16, 0, ["10.0.0.16/28", "10.0.0.40/29"], ["10.0.0.0/28", "10.0.0.48/28"]],
    ["none under a larger network", 16, 0, ["10.0.0.0/8"], []],
    ["none larger than the pool", 128, 0, [], []],
  ])("free subnets of 10.0.0.0/26 %s", (_name, size, cursor, taken, free) => {
    const ranges = [...freeRanges(parseRange("10.0.0.0/26"), size, cursor, taken.map(parseRange))];
    expect(ranges.map(formatRange)).toEqual(free);
  });
});

describe("on the engine", () => {
  let world: World;
  beforeEach(async () => {
    // 128 subnets of 16 addresses, on a pool of their own.
    world = await createWorld("10.218.8.0/21");
  });
  afterEach(() => world[Symbol.asyncDispose]());

  test("120 previews have networks at once, where the engine's own pools end at 31", async () => {
    const names = Array.from({ length: 120 }, (_, index) => `n${index}`);
    await inTurns(names, (name) => world.run(world.network(name)));
    const networks = await world.docker.listNetworks({ filters: { label: [`dev.mayfly.server=${world.server}`] } });
    const subnets = networks.map((network) => network.IPAM?.Config?.[0]?.Subnet);
    expect(new Set(subnets).size).toBe(120);
    for (const subnet of subnets) expect(subnet).toMatch(/^10\.218\.(8|9|1[0-5])\.\d+\/28$/);
    const first = addressAt(subnets[119] ?? "", 0);
    const web = {
      ...world.container("web", idle),
      attachments: [{ network: networks[119]!.Name, aliases: [], index: 0 }],
    };
    await world.up(web);
    const { Networks } = (await world.docker.getContainer(web.name).inspect()).NetworkSettings;
    expect(Object.values(Networks).map(({ IPAddress }) => IPAddress)).toEqual([first]);
    await world.down(web);
    await inTurns(names, (name) => world.run({ kind: "remove-network", name: world.name(name) }));
  });

  test("a subnet that somebody takes between our look and our call is passed over", async () => {
    await world.run(world.network("taken"));
    // A list that is out of date: the engine itself says "Pool overlaps".
    const blind = createSubnets({ listNetworks: async () => [] }, "10.218.8.0/21");
    const made: string[] = [];
    await blind.take(4, async (subnet) => {
      made.push(subnet);
      const labelled = { Labels: { "dev.mayfly.server": world.server, "dev.mayfly.preview": "7-42" } };
      return world.docker.createNetwork({
        Name: world.name("next"),
        IPAM: { Config: [{ Subnet: subnet }] },
        ...labelled,
      });
    });
    expect(made).toEqual(["10.218.8.0/28", "10.218.8.16/28"]);
    for (const name of ["taken", "next"]) await world.run({ kind: "remove-network", name: world.name(name) });
  });

  test("what the host routes elsewhere is passed over, but not a route around the whole pool", async () => {
    const routed = async () => ["10.0.0.0/8", "10.218.8.0/27", "10.218.8.48/32"].map(parseRange);
    const subnets = createSubnets({ listNetworks: async () => [] }, "10.218.8.0/26", routed);
    expect(await subnets.take(4, async (subnet) => subnet)).toBe("10.218.8.32/28");
    await expect(subnets.take(20, async () => null)).rejects.toMatchObject({ code: "subnets-exhausted" });
  });

  test("a full pool is told as such", async () => {
    const subnets = createSubnets(world.docker, "10.218.8.0/28");
    await expect(subnets.take(20, async () => null)).rejects.toMatchObject({
      code: "subnets-exhausted",
      retry: "backoff",
    });
  });
});
