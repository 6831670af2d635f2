import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const documents = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".md") && !/(^|\/)(node_modules|\.git)\//.test(file),
);
const read = (file: string) => readFileSync(join(root, file), "utf8");

test.each(documents)("every link of %s to a file or heading of this repository leads there", (file) => {
  const broken = linksOf(read(file)).filter((link) => {
    const [path = "", heading] = link.split("#");
    const target = path === "" ? file : join(dirname(file), path);
    if (!existsSync(join(root, target))) return true;
    return heading !== undefined && !headingsOf(read(target)).includes(heading);
  });
  expect(broken).toEqual([]);
});

test("every page of docs can be reached from README.md", () => {
  const reached = new Set(["README.md"]);
  for (const file of reached) {
    if (!file.endsWith(".md")) continue;
    for (const link of linksOf(read(file))) reached.add(join(dirname(file), link.split("#")[0] ?? ""));
  }
  const listed = new Set([...reached].filter((path) => path.endsWith("/")));
  const lost = documents.filter(
    (file) => file.startsWith("docs/") && !reached.has(file) && !listed.has(`${dirname(file)}/`),
  );
  expect(lost).toEqual([]);
});

/** Relative ones, outside of code. */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^( *)```[\s\S]*?^\1```/gm, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link).filter((link) => !/^[a-z]+:/.test(link));
}

/** As GitHub makes anchors of headings. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
