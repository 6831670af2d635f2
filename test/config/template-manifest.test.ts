import { expect, test } from "vitest";
import { readTemplateManifest } from "../../src/config/template-manifest.ts";
import { templates } from "../render/fixtures.ts";

test("every template that ships with Mayfly says what it is for", () => {
  const names = templates.list();
  expect(names).toContain("dockerfile");
  for (const name of names) {
    const manifest = readTemplateManifest(`${name}/template.yaml`, templates.readText(name, "template.yaml") ?? "");
    expect(manifest.description).not.toBe("");
    expect(Object.keys(manifest.routes)).not.toEqual([]);
  }
});

test("a template's manifest with a misspelled key is refused", () => {
  expect(() => readTemplateManifest("t/template.yaml", "description: x\ndetct: []")).toThrow('Did you mean "detect"?');
});
