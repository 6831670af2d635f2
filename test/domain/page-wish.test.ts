import { describe, expect, test } from "vitest";
import { type PageAnswer, type PageWish, whyNotGood } from "../../src/domain/page-wish.ts";

const answer = (status: number, body = "", location: string | null = null): PageAnswer => ({ status, body, location });
const only200: PageWish = { statuses: [{ from: 200, to: 200 }] };
const some: PageWish = {
  statuses: [
    { from: 204, to: 204 },
    { from: 300, to: 399 },
  ],
};

describe("the main page", () => {
  test.each<[string, PageAnswer, PageWish]>([
    ["a page", answer(200, "hello"), {}],
    ["no page where one might be", answer(404), {}],
    ["the way to a sign-in page", answer(302, "", "/login"), {}],
    ["the status that is asked for", answer(200), only200],
    ["one of several", answer(204), some],
    ["one of a class", answer(307), some],
    ["the text that is asked for", answer(200, "<h1>Welcome</h1>"), { text: "Welcome" }],
    ["a text that would be a pattern", answer(200, "(a+)+$"), { text: "(a+)+$" }],
  ])("is good: %s", (_name, said, wish) => {
    expect(whyNotGood(said, wish)).toBeNull();
  });

  test.each<[PageAnswer, PageWish, string]>([
    [answer(500, "migrations are running\n"), {}, "answers 500: migrations are running"],
    [answer(503), {}, "answers 503"],
    [answer(302, "", "/login"), only200, "answers 302, and not 200, which leads to /login"],
    [answer(200), some, "answers 200, and not 204 or 3xx"],
    [answer(200, "<p>Starting</p>"), { text: "Welcome" }, 'answers 200 without "Welcome": <p>Starting</p>'],
    [answer(500, "Welcome"), { text: "Welcome" }, "answers 500: Welcome"],
    [answer(500, `a\u001b[31m\u202eb\n\n${"c".repeat(500)}`), {}, `answers 500: ab ${"c".repeat(157)}…`],
  ])("is not good: %j where %j is wished", (said, wish, why) => {
    expect(whyNotGood(said, wish)).toBe(why);
  });
});
