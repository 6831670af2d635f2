import { describe, expect, test } from "vitest";
import { leftAtMost, mayStart, needOf, type Shortage, type Tenant, whoRests } from "../../src/domain/pressure.ts";

const now = 1_000_000;
const calm = { now, leastAwakeMs: 300_000, leastUnusedMs: 60_000 };

/** `a:300 b:100f c:50h`: of 300, 100 (frozen) and 50 MB (in use), the one before the other used longer ago; `s` is stopped, `y` young, `u` just used, `w` in line, `p` pinned. */
function tenants(text: string): Tenant[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((word, index) => {
      const [, key = "", bytes = "0", marks = ""] = /^(\w+):(\d+)(\w*)$/.exec(word) ?? [];
      return {
        key,
        repositoryId: key.startsWith("b") ? 2 : 1,
        level: marks.includes("f") ? "frozen" : marks.includes("s") ? "stopped" : "awake",
        usedBytes: Number(bytes),
        usedAt: marks.includes("u") ? now - 1000 : index,
        awakeSince: marks.includes("y") ? now - 1000 : 0,
        isHeld: marks.includes("h"),
        waits: marks.includes("w"),
        stays: marks.includes("p"),
      };
    });
}

/** Of 1000 MB 100 stay free. */
function shortage(availableBytes: number | null, rest: Partial<Shortage> = {}): Shortage {
  const memory = availableBytes === null ? null : { totalBytes: 1000, availableBytes, reserveBytes: 100 };
  return { memory, needBytes: 0, promisedBytes: 0, places: 0, placesOf: new Map(), ...rest };
}

describe("who is put to sleep to make room", () => {
  test.each<[string, string, Shortage, string]>([
    ["nobody, while there is enough", "a:300 b:300", shortage(400), ""],
    ["who is not used stands still, where memory is getting scarce", "a:300 b:300u c:100h", shortage(150), "a frozen"],
    [
      "the least recently used stops, as far as it takes",
      "a:30 b:30 c:300",
      shortage(60),
      "a stopped b stopped c frozen",
    ],
    ["what is frozen stops first", "a:50 b:50f", shortage(60), "b stopped a frozen"],
    ["for who is to start", "a:100f b:100f c:100f", shortage(150, { needBytes: 200 }), "a stopped b stopped"],
    ["also for who was let start a moment ago", "a:100f b:100f", shortage(150, { promisedBytes: 100 }), "a stopped"],
    ["nobody more than is being stopped", "a:100s b:100f", shortage(50), ""],
    ["never what is held, woke lately, or was used lately", "a:300h b:300y c:300u", shortage(10), ""],
    ["a frozen one, however lately it woke: nobody uses it", "a:300fy", shortage(10), "a stopped"],
    ["nobody, where memory cannot be measured", "a:300 b:300f", shortage(null), ""],
    [
      "what takes a place that somebody waits for, with or without memory",
      "a:10 b:10",
      shortage(null, { places: 1 }),
      "a stopped",
    ],
    ["of the repository that is full", "a:10 b:10", shortage(900, { placesOf: new Map([[2, 1]]) }), "b stopped"],
    [
      "one for both, where one is enough",
      "b1:10 a:10",
      shortage(900, { places: 1, placesOf: new Map([[2, 1]]) }),
      "b1 stopped",
    ],
  ])("%s", (_name, given, short, expected) => {
    const told = whoRests(tenants(given), short, calm).map(({ key, level }) => `${key} ${level}`);
    expect(told.join(" ")).toBe(expected);
  });
});

describe("who may start", () => {
  test.each<[string, string, Shortage, boolean]>([
    ["whoever leaves the reserve free", "a:300", shortage(400, { needBytes: 300 }), true],
    ["nobody who does not", "a:300", shortage(400, { needBytes: 301 }), false],
    [
      "nobody whom what was promised leaves too little",
      "a:300",
      shortage(400, { needBytes: 200, promisedBytes: 101 }),
      false,
    ],
    ["who is alone: there is nothing to wait for", "a:0s", shortage(10, { needBytes: 500 }), true],
    [
      "who all others wait behind, each with what serves of it",
      "a:300hw b:300hw",
      shortage(10, { needBytes: 500 }),
      true,
    ],
    ["nobody before one that ends or sleeps", "a:300hw b:300h", shortage(10, { needBytes: 500 }), false],
    ["one at a time of those", "a:300hw", shortage(10, { needBytes: 500, promisedBytes: 100 }), false],
    ["anybody, where memory cannot be measured", "a:300", shortage(null, { needBytes: 9000 }), true],
  ])("%s", (_name, given, short, expected) => {
    expect(mayStart(short, tenants(given))).toBe(expected);
  });

  test.each<[string, string, Shortage, number | null]>([
    ["has a chance, while all others sleep sooner or later", "a:300h b:300u", shortage(10, { needBytes: 900 }), null],
    ["has one beside what is pinned, if that leaves enough", "a:300hp b:300", shortage(150, { needBytes: 350 }), null],
    ["has none where it does not", "a:300hp b:300", shortage(150, { needBytes: 351 }), 350],
    ["has none where nothing is left at all", "a:300hp", shortage(50, { needBytes: 1 }), 0],
    ["has one beside what is pinned and stopped", "a:0hps", shortage(50, { needBytes: 500 }), null],
    ["has one, where memory cannot be measured", "a:300hp", shortage(null, { needBytes: 9000 }), null],
  ])("who waits %s", (_name, given, short, expected) => {
    expect(leftAtMost(short, tenants(given))).toBe(expected);
  });

  test("it is expected to use what it used before, or else what most do", () => {
    const used = new Map([
      ["a", 100],
      ["b", 300],
      ["c", 900],
    ]);
    expect([needOf("c", used), needOf("new", used), needOf("new", new Map())]).toEqual([900, 300, 256 * 1024 ** 2]);
  });
});
