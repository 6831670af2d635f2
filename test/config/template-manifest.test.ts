import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readTemplateManifest } from "../../src/config/template-manifest.ts";
import { templates } from "../render/fixtures.ts";

test("every template that ships with Mayfly says what it is for", () => {
  const names = templates.list();
  expect(names).toContain("dockerfile");
  for (const name of names) {
    const manifest = readTemplateManifest(`${name}/template.yaml`, templates.readText(name, "template.yaml") ?? "");
    expect(manifest.description).not.toBe("");
    expect(Object.keys(manifest.routes).length > 0 || manifest.extends !== undefined).toBe(true);
    expect(manifest.optional.filter((service) => !(service in manifest.parameters))).toEqual([]);
  }
});

test("a template's manifest with a misspelled key is refused", () => {
  expect(() => readTemplateManifest("t/template.yaml", "description: x\ndetct: []")).toThrow('Did you mean "detect"?');
});

test("no two templates claim the same rank", () => {
  const ranks = templates
    .list()
    .map((name) => readTemplateManifest(name, templates.readText(name, "template.yaml") ?? "").rank);
  expect(new Set(ranks).size).toBe(ranks.length);
});

test("docs/templates.md tells every template and parameter, and no others", () => {
  const page = readFileSync(new URL("../../docs/templates.md", import.meta.url), "utf8");
  const told = [...page.matchAll(/^## `([\w-]+)`\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)].map(
    ([, name = "", section = ""]) => [
      name,
      [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, parameter]) => parameter),
    ],
  );
  const known = templates.list().map((name) => {
    const { parameters } = readTemplateManifest(name, templates.readText(name, "template.yaml") ?? "");
    return [name, Object.keys(parameters)];
  });
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
});
