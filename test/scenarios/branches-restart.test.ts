import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { labels } from "../../src/domain/labels.ts";
import { branchParts } from "../../src/domain/naming.ts";
import { ask, shopOfData } from "../support/data-life.ts";
import { eventually } from "../support/eventually.ts";
import { createOwnEngine, type OwnEngine } from "../support/own-engine.ts";
import { endScenario, type Scenario, startScenario, tellOnFailure } from "../support/scenario.ts";

let engine: OwnEngine;
let scenario: Scenario;
beforeAll(async () => {
  engine = await createOwnEngine({ images: ["node:24", "postgres:17"] });
  scenario = await startScenario({
    files: shopOfData("INSERT INTO guest VALUES ('ada');"),
    config: { engine: { host: engine.host }, network: { pool: engine.pool } },
  });
});
afterAll(async () => {
  try {
    await endScenario(scenario);
  } finally {
    await engine[Symbol.asyncDispose]();
  }
});

const mine = (more: string[]) => ({ label: [`${labels.server}=${scenario.serverId}`, ...more] });
const guests = (number: number) => ask(scenario, number, "SELECT string_agg(name, ' ' ORDER BY name) FROM guest");

async function snapshot(): Promise<{ name: string; place: string }> {
  const { Volumes } = await scenario.docker.listVolumes({ filters: mine([`${labels.kind}=snapshot`]) });
  expect(Volumes).toHaveLength(1);
  return { name: Volumes[0]!.Name, place: Volumes[0]!.Mountpoint };
}

/** Of every file's content, and of who may do what with it. */
async function digestOf(volume: string): Promise<string> {
  const container = await scenario.docker.createContainer({
    Image: "node:24",
    HostConfig: { Mounts: [{ Type: "volume", Source: volume, Target: "/snapshot", ReadOnly: true }] as never },
  });
  try {
    const archive = await container.getArchive({ path: "/snapshot" });
    const hash = createHash("sha256");
    for await (const chunk of archive) hash.update(chunk as Buffer);
    return hash.digest("hex");
  } finally {
    await container.remove();
  }
}

/** The parts of the branches there are, by what the engine says that their anchors hold. */
async function anchored(): Promise<{ volume: string; snapshot: string | undefined; anchor: string[] }[]> {
  const { docker } = scenario;
  const { Volumes } = await docker.listVolumes({ filters: mine([labels.snapshot]) });
  return await Promise.all(
    Volumes.toSorted((a, b) => (a.Name < b.Name ? -1 : 1)).map(async ({ Name, Labels }) => {
      const { Mounts, State } = await docker.getContainer(branchParts(Name).anchor).inspect();
      expect(State.Status).toBe("created");
      const held = Mounts.map((mount) => mount.Name ?? "").toSorted();
      return { volume: Name, snapshot: Labels?.[labels.snapshot], anchor: held };
    }),
  );
}

/** As when the machine loses its power: nothing is mounted any more. */
async function reboot(): Promise<void> {
  await engine.cutPower();
  const { place } = shared;
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" "));
  for (const [, at = "", type, options = ""] of mounts)
    if (type === "overlay" && options.includes(`lowerdir=${place}`)) await promisify(execFile)("umount", ["-l", at]);
}
let shared = { name: "", place: "" };

test("the engine is restarted, killed, and the machine loses its power: each preview comes back for its visitors with its own rows, on the same snapshot, which nobody has written to", async () => {
  tellOnFailure(scenario);
  const { mayfly, docker } = scenario;
  const numbers = [await scenario.open({ branch: "one", files: { "readme.md": "one" } })];
  const first = await scenario.seen("shop-pr-1", ({ phase }) => phase === "ready");
  const unmatched = "no file of this commit is like db/migrations/";
  await eventually(async () => expect(await scenario.comment(1)).toContain(unmatched), { timeoutMs: 20_000 });
  numbers.push(await scenario.open({ branch: "two", files: { "readme.md": "two" } }));
  const second = await scenario.seen("shop-pr-2", ({ phase }) => phase === "ready");
  for (const number of numbers) await ask(scenario, number, `INSERT INTO guest VALUES ('reviewer ${number}')`);
  shared = await snapshot();
  const digest = await digestOf(shared.name);
  const branches = await anchored();
  expect(branches.map((each) => each.snapshot)).toEqual([shared.name, shared.name]);
  for (const { volume, anchor } of branches) {
    const { upper, work } = branchParts(volume);
    expect(anchor).toEqual([shared.name, volume, upper, work].toSorted());
  }
  for (const end of [engine.stop, engine.cutPower, reboot]) {
    // The second sleeps meanwhile, and at last Mayfly goes down with the machine.
    await mayfly.api("/api/previews/shop-pr-2/sleep", { method: "POST" });
    await scenario.seen("shop-pr-2", ({ asleep }) => asleep === "stopped");
    if (end === reboot) await mayfly.kill();
    await end();
    await engine.start();
    if (end === reboot) await mayfly.start();
    for (const { url } of [first, second])
      await eventually(async () => expect((await mayfly.visit(url)).status).toBe(200), { timeoutMs: 90_000 });
    for (const number of numbers)
      await eventually(async () => expect(await guests(number)).toBe(`ada reviewer ${number}`), { timeoutMs: 30_000 });
    expect(await anchored()).toEqual(branches);
    await expect(docker.getVolume(shared.name).remove()).rejects.toThrow("in use");
    expect(await digestOf(shared.name)).toBe(digest);
    const mounts = await readFile("/proc/mounts", "utf8");
    for (const { volume } of branches) {
      const { upper } = branchParts(volume);
      expect(mounts).toMatch(new RegExp(`/${volume}/_data overlay .*lowerdir=${shared.place},upperdir=\\S*/${upper}/`));
    }
  }
});
