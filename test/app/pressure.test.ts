import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createPressure } from "../../src/app-pressure.ts";
import { fakeClock } from "../support/fake-clock.ts";

test("who finds four waking already waits: nothing else brings it up meanwhile", async () => {
  const places = { crowd: () => ({ places: 0, placesOf: new Map<number, number>() }) };
  const world = { places, isLocal: false, clock: fakeClock(), docker: new Docker(), server: "test" };
  const room = createPressure(world as unknown as Parameters<typeof createPressure>[0]);
  for (const key of ["a", "b", "c", "d"]) expect(await room.enter(key, "wake")).toBe(true);
  expect([await room.enter("e", "wake"), room.waits("e"), room.turnOf("e")]).toEqual([false, true, null]);
  room.left("a");
  expect([await room.enter("e", "wake"), room.waits("e")]).toEqual([true, false]);
});

test("who can have no room is told so in the same words at each look, however much there is", async () => {
  const machine = machineOf({ totalMiB: 4000 });
  const pinned = { key: "a", repositoryId: 1, spec: { wanted: "running", generation: 1, pinned: true, rest: null } };
  const serving = { generation: 1, phase: "ready", readyAt: 0, stack: {} };
  const world = {
    ...machine,
    config: { memory: { reserve: { bytes: 100 * mebibyte }, awakeMs: 1000 } },
    store: { previews: { list: () => [pinned] }, attempts: { of: () => [serving] } },
    places: { crowd: () => ({ places: 0, placesOf: new Map<number, number>() }) },
    sleep: { lastUse: () => ({ usedAt: 0, isUsed: false }) },
    isLocal: true,
    clock: fakeClock(),
    server: "test",
    log: pino({ level: "silent" }),
  };
  const room = createPressure(world as unknown as Parameters<typeof createPressure>[0]);
  // Who is let start makes it look at what others use.
  machine.see(1000);
  expect(await room.enter("c", "deployment")).toBe(true);
  const told = new Set<string>();
  for (const availableMiB of [317, 298, 222]) {
    machine.see(availableMiB);
    await expect(room.enter("b", "restart").catch((error: Error) => told.add(error.message))).resolves.toBe(told);
  }
  expect([...told]).toHaveLength(1);
});

const mebibyte = 1024 ** 2;

/** One whose kernel says what it is told to say; a preview on it uses memory. */
function machineOf({ totalMiB }: { totalMiB: number }) {
  const root = mkdtempSync(join(tmpdir(), "mayfly-memory-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "proc"));
  const stats = async () => ({ memory_stats: { usage: 500 * mebibyte, stats: {} } });
  const docker = {
    listContainers: async () => [{ Id: "1", Labels: { "dev.mayfly.preview": "a" } }],
    getContainer: () => ({ stats }),
  };
  const see = (availableMiB: number) =>
    writeFileSync(
      join(root, "proc/meminfo"),
      `MemTotal: ${totalMiB * 1024} kB\nMemAvailable: ${availableMiB * 1024} kB\n`,
    );
  return { root, docker, see };
}
