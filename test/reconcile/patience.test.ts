import { describe, expect, test } from "vitest";
import { EngineError } from "../../src/domain/errors.ts";
import { createKillWorld, type Kill } from "./kill-world.ts";

const minutes = (count: number) => count * 60_000;
const busy = () => new EngineError("engine-refused", "the engine is busy", { retry: "backoff" });
const away = () => new EngineError("engine-unreachable", "the engine does not answer", { retry: "backoff" });

/** One deployment of which this many starts fail, each after a while; answers how it ended. */
async function deploy(options: { fails: number; error: () => EngineError; buildMs?: number; eachMs: number }) {
  using world = createKillWorld();
  let left = options.fails;
  const faults: Kill = ({ kind }) => {
    if (kind === "build") world.advance(options.buildMs ?? 0);
    if (kind !== "start" || left === 0) return null;
    left -= 1;
    world.advance(options.eachMs);
    throw options.error();
  };
  world.put({ push: "first" });
  await world.live(faults);
  return world.summary().deployments;
}

test("an image that is not to be had is told with the line that names it", async () => {
  using world = createKillWorld();
  world.put({ push: "first" });
  await world.live(({ kind }) => {
    if (kind === "pull") throw new EngineError("image-unavailable", "image postgres:17 is not to be had");
    return null;
  });
  expect(world.summary().deployments).toEqual(["g1 failed image-unavailable compose.yaml:7:12"]);
});

describe("an attempt that our own host keeps from going on", () => {
  test("is given up after ten minutes without progress", async () => {
    expect(await deploy({ fails: 15, error: busy, eachMs: minutes(2) })).toEqual(["g1 failed engine-refused "]);
  });

  test("has these ten minutes also after a build that took longer than that", async () => {
    expect(await deploy({ fails: 3, error: busy, buildMs: minutes(25), eachMs: minutes(2) })).toEqual(["g1 ready  "]);
  });

  test("waits for an engine that does not answer however long it takes", async () => {
    expect(await deploy({ fails: 10, error: away, eachMs: minutes(10) })).toEqual(["g1 ready  "]);
  });
});
