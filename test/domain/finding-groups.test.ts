import { expect, test } from "vitest";
import type { Finding } from "../../src/domain/errors.ts";
import { groupFindings } from "../../src/domain/finding-groups.ts";

function finding(line: number, change: Partial<Finding>): Finding {
  return { file: "compose.yaml", line, column: 1, action: "rewrite", code: "x", message: "m", hint: "", ...change };
}

function port(line: number, owner: string): Finding {
  const about = { section: "services", owner, key: "ports", means: "not published" };
  return finding(line, { code: "port", message: `services.${owner}.ports[0]: not published`, about });
}

const told = (findings: Finding[]) => groupFindings(findings).map(({ line, message }) => `${line} ${message}`);

test("what is done otherwise is told once for all services, where it stands first", () => {
  expect(told([port(3, "a"), finding(4, { message: "other" }), port(5, "b"), port(6, "b")])).toEqual([
    "3 ports of 2 services: not published",
    "4 other",
  ]);
});

test("one finding is told as it is, and several of one service by its name", () => {
  expect(told([port(3, "a")])).toEqual(["3 services.a.ports[0]: not published"]);
  expect(told([port(3, "a"), port(4, "a")])).toEqual(["3 services.a.ports: not published"]);
});

test("refusals and notes are told each", () => {
  const refused = [3, 4].map((line) => finding(line, { action: "refuse" }));
  expect(told([...refused, finding(5, { action: "note" }), finding(6, { action: "note" })])).toEqual([
    "3 m",
    "4 m",
    "5 m",
    "6 m",
  ]);
});
