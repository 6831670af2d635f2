import { describe, expect, test } from "vitest";
import type { Deployment, PreviewSpec } from "../../src/domain/preview.ts";
import type { Verb } from "../../src/domain/verbs.ts";
import { commandState, logsText, shareText } from "../../src/feedback/answer.ts";
import { attempt, now, tell } from "./facts.ts";

describe("who said a command sees", () => {
  test.each<[string, Verb, Partial<Deployment> | null, Partial<PreviewSpec>, string]>([
    ["that it is under way", "redeploy", { phase: "building" }, {}, "eyes"],
    ["that it waits for its attempt to begin", "redeploy", null, {}, "eyes"],
    ["that it is ready", "redeploy", { phase: "ready" }, {}, "rocket final"],
    ["that it failed", "redeploy", { phase: "failed" }, {}, "confused final"],
    ["that a push overtook it", "redeploy", { phase: "superseded" }, {}, "+1 final"],
    ["that a push overtook it before it began", "redeploy", null, { generation: 3 }, "+1 final"],
    ["that nothing is wanted any more", "deploy", null, { wanted: "absent", reason: "closed" }, "+1 final"],
    ["that it is being removed", "destroy", null, { wanted: "absent", reason: "destroyed" }, "eyes"],
    ["that it is kept", "pin", null, {}, "+1 final"],
  ])("%s", (_what, verb, deployment, spec, expected) => {
    const deployments = deployment === null ? [] : [attempt(2, deployment)];
    const [, { preview }] = tell({ deployments, spec: { generation: 2, ...spec } });
    const { reaction, final } = commandState({ verb, generation: 2 }, preview, deployments);
    expect(`${reaction}${final ? " final" : ""}`).toBe(expected);
  });

  test("that it is gone", () => {
    const [, { preview }] = tell({ spec: { wanted: "absent", reason: "destroyed" }, goneAt: now });
    expect(commandState({ verb: "destroy", generation: 2 }, preview, [])).toEqual({ reaction: "rocket", final: true });
  });
});

test("the reply to /logs cannot be left by a line of the log", () => {
  const told = logsText(["web  a", "web  ` and ````` @everybody"], "web", "https://mayfly.test/previews/shop-pr-42");
  expect(told.split("\n")).toEqual([
    "``````text",
    "web  a",
    "web  ` and ````` @everybody",
    "``````",
    "The whole log: https://mayfly.test/previews/shop-pr-42",
  ]);
});

test.each([
  [null, "Nothing runs"],
  ["api", "There is no such service"],
])("the reply to /logs %s says why there is nothing", (service, expected) => {
  expect(logsText([], service, "")).toContain(expected);
});

test.each([
  ["2h", false, "[shop.test](until 7200000) lets in whoever has it, for 2 h"],
  ["2h", true, "is open to everybody"],
  ["off", false, "has ended"],
])("the reply to /share %s", (argument, isPublic, expected) => {
  const made = { host: "shop.test", isPublic, linkUntil: (until: number) => `until ${until}` };
  expect(shareText({ argument, receivedAt: 0 }, made)).toContain(expected);
});
