import { describe, expect, test } from "vitest";
import {
  type House,
  type Standing,
  turnOf,
  turnWords,
  whoIsCrowded,
  whoMayStart,
  whoWaits,
} from "../../src/domain/admission.ts";

const repositories: Record<string, number> = { a: 1, b: 2, c: 3 };

/** `a1 a2` are up, `a3z` is stopped, `b1@5` waits since 5; the repository is the letter. */
function house(up: string, waiting: string, caps: { max?: number; each?: number; last?: string } = {}): House {
  const words = (text: string) => text.split(" ").filter(Boolean);
  const stand = (word: string, isUp: boolean): Standing => {
    const [key = "", since = "0"] = word.split("@");
    const wantedSince = Number(since);
    return {
      key,
      repositoryId: repositories[key[0] ?? ""] ?? 0,
      wanted: true,
      wantedSince,
      rests: false,
      admittedAt: isUp ? 0 : null,
      stopped: key.endsWith("z"),
    };
  };
  return {
    live: [...words(up).map((word) => stand(word, true)), ...words(waiting).map((word) => stand(word, false))],
    lastAdmitted: new Map(words(caps.last ?? "").map((name, index) => [repositories[name] ?? 0, index + 1])),
    max: caps.max ?? 100,
    maxOf: () => caps.each ?? 100,
  };
}

describe("who may start", () => {
  test.each<[string, House, string]>([
    ["everybody, while there are places", house("a1", "a2@1 b1@2"), "a2 b1"],
    ["nobody, when all are taken", house("a1 b1", "a2@1 b2@2", { max: 2 }), ""],
    ["the oldest wish of one repository", house("", "a2@9 a1@3 a3@5", { max: 2 }), "a1 a3"],
    [
      "repositories in turns, however many wait in one",
      house("", "a1@1 a2@2 a3@3 b1@8 c1@9", { max: 4 }),
      "a1 b1 c1 a2",
    ],
    ["first the one that was served longest ago", house("", "a1@1 b1@2 c1@3", { max: 1, last: "c a b" }), "c1"],
    ["first one that was never served", house("", "a1@1 b1@9", { max: 1, last: "a" }), "b1"],
    ["as many as a repository may have", house("a1", "a2@1 a3@2 b1@9", { each: 2, last: "a" }), "b1 a2"],
    ["others, when a repository is full", house("a1 a2", "a3@1 b1@9", { max: 3, each: 2 }), "b1"],
    ["one more, where what is up is stopped", house("a1z a2", "b1@1 b2@2", { max: 2 }), "b1"],
    ["nobody more, when the operator allows fewer than are up", house("a1 a2 a3", "b1@1", { max: 2 }), ""],
  ])("%s", (_name, given, expected) => {
    expect(whoMayStart(given).join(" ")).toBe(expected);
  });

  test("nobody starves: a repository with a hundred waiting does not hold up the others", () => {
    const many = Array.from({ length: 100 }, (_, index) => `a${index}@${index}`).join(" ");
    expect(whoWaits(house("", `${many} b1@500 c1@501`)).slice(0, 4)).toEqual(["a0", "b1", "c1", "a1"]);
  });

  test("what failed before anything of it served takes no place and waits for none, until something new is wished", () => {
    const failed: Standing = {
      key: "a1",
      repositoryId: 1,
      wanted: true,
      wantedSince: 6,
      rests: true,
      admittedAt: 5,
      stopped: false,
    };
    const given = house("", "b1@9", { max: 1 });
    const resting = { ...given, live: [...given.live, failed] };
    expect([whoMayStart(resting), turnOf("a1", resting)]).toEqual([["b1"], null]);
    expect(whoWaits({ ...given, live: [...given.live, { ...failed, rests: false }] })).toEqual(["a1", "b1"]);
  });

  test("what is being removed keeps its place until it is gone, and what came back since has none", () => {
    const removing: Standing = {
      key: "a1",
      repositoryId: 1,
      wanted: false,
      wantedSince: 0,
      rests: false,
      admittedAt: 5,
      stopped: false,
    };
    const given = house("", "b1@9", { max: 1 });
    expect(whoMayStart({ ...given, live: [...given.live, removing] })).toEqual([]);
    const back: Standing = { ...removing, wanted: true, wantedSince: 10 };
    expect(whoMayStart({ ...given, live: [...given.live, back] })).toEqual(["b1"]);
  });
});

describe("a preview's turn", () => {
  test.each<[string, House, string, string]>([
    [
      "among all",
      house("a1 b1", "a2@1 b2@2 a3@3", { max: 2, last: "a b" }),
      "b2",
      "2nd in the queue of 3; 2 of 2 previews are up",
    ],
    [
      "within its repository, when that is full",
      house("a1 b1", "a2@1 a3@2 b2@3", { each: 1 }),
      "a3",
      "2nd in the queue of 2; 1 of 1 previews of this repository are up",
    ],
    [
      "without those whose own repository is full",
      house("a1 a2 b1", "a3@1 b2@9", { max: 3, each: 2 }),
      "b2",
      "1st in the queue of 1; 3 of 3 previews are up",
    ],
  ])("%s", (_name, given, key, words) => {
    const turn = turnOf(key, given);
    expect(turn && turnWords(turn)).toBe(words);
  });

  test.each([
    [3, "3rd"],
    [4, "4th"],
    [11, "11th"],
    [21, "21st"],
    [112, "112th"],
  ])("%i is told as %s", (place, told) => {
    expect(turnWords({ place, of: 200, up: 1, max: 1, limit: "server" })).toContain(`${told} in`);
  });

  test("is nothing to tell of what is up, may start or is not there", () => {
    const given = house("a1", "b1@1", { max: 2 });
    expect([turnOf("a1", given), turnOf("b1", given), turnOf("c1", given)]).toEqual([null, null, null]);
  });
});

describe("how many have to stop so that who waits gets a place", () => {
  test.each<[string, House, number, string]>([
    ["nobody, while there are places", house("a1", "b1@1", { max: 2 }), 0, ""],
    ["one for each that waits", house("a1 b1", "a2@1 b2@2", { max: 2 }), 2, ""],
    ["of the repository that is full, and of no other", house("a1 a2 b1", "a3@1", { max: 9, each: 2 }), 0, "1 of 1"],
    ["of both", house("a1 a2 b1", "a3@1 c1@2", { max: 3, each: 2 }), 1, "1 of 1"],
    ["as many as woke beyond what there is", house("a1 a2 b1", "", { max: 2 }), 1, ""],
    ["none for what is stopped", house("a1z a2z b1", "", { max: 2 }), 0, ""],
  ])("%s", (_name, given, places, placesOf) => {
    const crowd = whoIsCrowded(given);
    const told = [...crowd.placesOf].map(([id, count]) => `${count} of ${id}`).join(" ");
    expect([crowd.places, told]).toEqual([places, placesOf]);
  });
});
