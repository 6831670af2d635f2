import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clock } from "../../src/domain/time.ts";
import { askToSucceed, readHolder, readSuccessor } from "../../src/store/holder.ts";
import { tryLock } from "../../src/store/lock.ts";
import { takeState, type Tenure } from "../../src/store/tenure.ts";
import { eventually } from "../support/eventually.ts";

/** A hundred times as fast as the real one. */
const clock: Clock = {
  now: () => performance.now() * 100,
  sleep: (ms, signal) => sleep(ms / 100, undefined, signal ? { signal } : {}),
};

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "mayfly-tenure-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const take = (id: string, options: { replace?: boolean; signal?: AbortSignal } = {}): Promise<Tenure> => {
  const self = { id, pid: 7, host: "vm", version: "0.1.0", since: "2026-11-21T13:00:00.000Z" };
  return takeState({ folder, self, replace: false, signal: new AbortController().signal, clock, ...options });
};
const isAsked = ({ asked }: Tenure) => eventually(() => asked.aborted);

test("a second one is told who holds the folder and since when", async () => {
  await using first = await take("first");
  first.listening();
  await expect(take("second")).rejects.toMatchObject({
    code: "state-locked",
    message: `${folder} is in use by another Mayfly (process 7 on vm, version 0.1.0, since 2026-11-21T13:00:00.000Z)`,
  });
});

test("one that is stopping is waited for", async () => {
  const first = await take("first");
  first.leaving();
  const second = take("second");
  await sleep(20);
  await first[Symbol.asyncDispose]();
  await using held = await second;
  held.listening();
  expect(readHolder(folder)).toMatchObject({ id: "second", phase: "listening" });
});

test("a successor reconciles at once, and knows when the first one hears nothing more and when it is gone", async () => {
  const first = await take("first");
  first.listening();
  const taking = take("second", { replace: true });
  await isAsked(first);
  const handing = first.handOver();
  await using second = await taking;
  const ends: string[] = [];
  void second.predecessor.deaf.then(() => ends.push("deaf"));
  void second.predecessor.gone.then(() => ends.push("gone"));
  second.listening();
  const { deaf } = await handing;
  await sleep(20);
  expect(ends).toEqual([]);
  deaf();
  await eventually(() => expect(ends).toEqual(["deaf"]));
  await first[Symbol.asyncDispose]();
  await eventually(() => expect(ends).toEqual(["deaf", "gone"]));
  expect(readHolder(folder)).toMatchObject({ id: "second", phase: "listening" });
  expect(readSuccessor(folder)).toBeNull();
});

test("a successor that ends before it listens has taken nothing", async () => {
  await using first = await take("first");
  first.listening();
  const taking = take("second", { replace: true });
  await isAsked(first);
  const handing = first.handOver();
  await (await taking)[Symbol.asyncDispose]();
  await expect(handing).rejects.toMatchObject({ code: "takeover-failed" });
});

test("a successor that is told to stop while it waits takes its question back", async () => {
  await using first = await take("first");
  const stop = new AbortController();
  const taking = take("second", { replace: true, signal: stop.signal });
  await isAsked(first);
  stop.abort();
  await expect(taking).rejects.toThrow("aborted");
  expect(readSuccessor(folder)).toBeNull();
});

test("a holder that does not go is named after a while, and asked no longer", async () => {
  using _held = tryLock(folder, "lock.db");
  await expect(take("second", { replace: true })).rejects.toMatchObject({
    code: "state-locked",
    message: expect.stringContaining("did not go within 90 s"),
  });
  expect(readSuccessor(folder)).toBeNull();
});

test("a question that was left behind is not for who starts after it", async () => {
  askToSucceed(folder, "killed");
  await using first = await take("first");
  await sleep(20);
  expect(first.asked.aborted).toBe(false);
});

test("a holder that cannot look for a while goes on, and hears who asks after it", async () => {
  await using first = await take("first");
  first.listening();
  // Any error that is not "not there", as when the process is out of file descriptors.
  mkdirSync(join(folder, "successor.json"));
  await sleep(20);
  rmdirSync(join(folder, "successor.json"));
  askToSucceed(folder, "second");
  expect(await isAsked(first)).toBe(true);
});
