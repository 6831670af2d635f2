import { expect, test } from "vitest";
import { parseCommand } from "../../src/intake/command.ts";

test.each([
  ["/redeploy", "redeploy", null],
  ["/preview redeploy", "redeploy", null],
  ["please\n/redeploy\nthanks", "redeploy", null],
  ["/REDEPLOY  ", "redeploy", null],
  ["/logs web", "logs", "web"],
  ["/redeploy\r\n", "redeploy", null],
])("%j is a command", (body, verb, argument) => {
  expect(parseCommand(body)).toEqual({ kind: "command", verb, argument });
});

test.each([
  ["/redploy", "redploy", "redeploy"],
  ["/destory", "destory", "destroy"],
  ["/preview frobnicate", "frobnicate", "help"],
])("%j is nearly one, and answered", (body, said, meant) => {
  expect(parseCommand(body)).toEqual({ kind: "misspelled", said, meant });
});

test.each([
  "/deployment-status",
  "/lgtm",
  "/assign @ann",
  "try `/redeploy`",
  "> /redeploy",
  "```\n/redeploy\n```",
  "    /redeploy",
  "see /redeploy",
  "/redeploy now please",
  "",
  "/".repeat(5000),
])("%j is none of ours", (body) => {
  expect(parseCommand(body)).toBeNull();
});
