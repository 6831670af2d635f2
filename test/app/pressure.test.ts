import Docker from "dockerode";
import { expect, test } from "vitest";
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
