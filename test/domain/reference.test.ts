import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogue } from "../../src/domain/catalogue.ts";
import { labels } from "../../src/domain/labels.ts";
import { verbs } from "../../src/domain/verbs.ts";

const read = (name: string) => readFileSync(join(import.meta.dirname, "../../docs/reference", name), "utf8");

test("docs/reference/errors.md tells every code as the code does", () => {
  const rows = Object.entries(catalogue).map(
    ([code, { title, hint }]) => `| \`${code}\` | ${title} | ${hint.replaceAll("|", "\\|")} |`,
  );
  expect(rows.length).toBeGreaterThan(30);
  expect(
    read("errors.md")
      .split("\n")
      .filter((line) => line.startsWith("| `")),
  ).toEqual(rows);
});

test("docs/troubleshooting.md has an answer to every code", () => {
  const text = read("../troubleshooting.md");
  expect(Object.keys(catalogue).filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
});

test("docs/reference/labels.md tells every label", () => {
  const told = [...read("labels.md").matchAll(/^\| `(dev\.mayfly\.[a-z-]+)`/gm)].map(([, label]) => label);
  expect(told).toEqual(Object.values(labels));
});

test("docs/reference/verbs.md tells every verb as the code does", () => {
  const rows = Object.entries(verbs).map(
    ([verb, { permission, args, help }]) =>
      `| \`/${[verb, args].filter(Boolean).join(" ")}\` | ${permission} | ${help} |`,
  );
  expect(
    read("verbs.md")
      .split("\n")
      .filter((line) => line.startsWith("| `")),
  ).toEqual(rows);
});
