import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** The house as data, read from the table of docs/architecture.md: what a room may import, and the packages that live only there. */
const page = readFileSync(resolve(import.meta.dirname, "../docs/architecture.md"), "utf8");
const listed = (cell: string) => (cell === "–" ? [] : cell.split(", "));
const rooms: Record<string, { imports: string[]; packages: string[] }> = Object.fromEntries(
  [...page.matchAll(/^\| `(\w+)\/` \|[^|]+\| ([^|]+) \| ([^|]+) \|$/gm)].map(([, room = "", see = "", own = ""]) => [
    room,
    { imports: listed(see), packages: listed(own) },
  ]),
);
/** `@octokit/*` and `app*.ts` stand for every name of that form. */
const isAmong = (names: readonly string[] = [], name = ""): boolean =>
  names.some((each) => {
    const [start = "", end] = each.split("*");
    return end === undefined ? each === name : name.startsWith(start) && name.endsWith(end);
  });
/** Types of the logger and node's own modules are welcome anywhere, except those that mark an edge. */
const anywhere = new Set(["pino"]);
const edgeModules = new Set(["node:http", "node:https", "node:http2", "node:sqlite", "node:net", "node:child_process"]);
/** Rooms without side effects: no file, process or network module at all. */
const pure = new Set(["domain", "render", "plan", "diagnose"]);
const pureModules = new Set(["node:crypto", "node:path", "node:util"]);

type Import = { from: string; room: string; target: string };
const source = resolve(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const imports: Import[] = files.flatMap((file) => {
  const room = file.includes("/") ? (file.split("/")[0] ?? "") : file;
  const text = readFileSync(join(source, file), "utf8");
  return [...text.matchAll(/^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*"([^"]+)"|\bimport\("([^"]+)"\)/gm)].map(
    ([, fixed, dynamic]) => ({
      from: file,
      room,
      target: fixed ?? dynamic ?? "",
    }),
  );
});

describe("the house", () => {
  test("every folder is a room of the table, and every room has files", () => {
    const folders = new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]));
    expect([...folders].toSorted()).toEqual(Object.keys(rooms).toSorted());
    expect(files.length).toBeGreaterThan(60);
    expect(imports.length).toBeGreaterThan(200);
  });

  test("imports follow the flow: no room looks sideways or back", () => {
    const wrong = imports.filter(({ from, room, target }) => {
      if (!target.startsWith(".") || !(room in rooms)) return false;
      const path = relative(source, resolve(source, dirname(from), target));
      const other = path.includes("/") ? path.split("/")[0] : path;
      return path !== "../package.json" && other !== room && !isAmong(rooms[room]?.imports, other);
    });
    expect(wrong).toEqual([]);
  });

  test("a package lives only in its room", () => {
    const wrong = imports.filter(({ room, target }) => {
      if (target.startsWith(".") || !(room in rooms)) return false;
      const name = target.startsWith("@") ? target.split("/").slice(0, 2).join("/") : target.split("/")[0];
      const allowed = rooms[room]?.packages;
      if (target.startsWith("node:")) {
        return pure.has(room) ? !pureModules.has(target) : edgeModules.has(target) && !isAmong(allowed, target);
      }
      return !anywhere.has(target) && !isAmong(allowed, name);
    });
    expect(wrong).toEqual([]);
  });

  test("src never imports the demo or the tests", () => {
    expect(imports.filter(({ target }) => /\.\.\/(demo|test|bench)\//.test(target))).toEqual([]);
  });
});
