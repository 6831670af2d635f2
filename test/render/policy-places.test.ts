import { expect, test } from "vitest";
import { render } from "./fixtures.ts";

const web = "services:\n  web:\n    image: node:24\n    ports: [3000]\n";

function told(files: Record<string, string>): string[] {
  const { findings } = render({ "src/index.js": "", ...files });
  return findings.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
}

test("a finding stands where it was said, through several files", () => {
  const files = {
    ".mayfly.yaml": "compose: [ compose.yaml, over.yaml ]\n",
    "compose.yaml": `${web}    pid: host\n    cap_add: [ SYS_ADMIN ]\n`,
    "over.yaml": "services:\n  web:\n    cap_add: [ SYS_MODULE ]\n    privileged: true\n",
  };
  expect(told(files)).toEqual([
    "compose.yaml:5:5 host-namespace",
    "compose.yaml:6:16 cap-add",
    "over.yaml:3:16 cap-add",
    "over.yaml:4:5 privileged",
  ]);
});

test("through extends and include", () => {
  const files = {
    "compose.yaml": `include: [ more/compose.yaml ]\n${web}    extends: { file: base.yaml, service: base }\n`,
    "base.yaml": "services:\n  base:\n    pid: host\n",
    "more/compose.yaml": "services:\n  db:\n    image: postgres:17\n    volumes: [ /srv:/srv ]\n",
  };
  expect(told(files).toSorted()).toEqual(["base.yaml:3:5 host-namespace", "more/compose.yaml:4:16 host-path"]);
});

test("through an anchor, at the anchor's own line, for each service by its name", () => {
  const text = `x-proxy: &proxy\n  volumes: [ /run/docker.sock:/x ]\n${web}    <<: *proxy\n  api: { image: "node:24", <<: *proxy }\n`;
  const { findings } = render({ "compose.yaml": text });
  expect(findings.map(({ line, column, hint }) => [line, column, /\{ (\w+): drop/.exec(hint)?.[1]])).toEqual([
    [2, 14, "web"],
    [2, 14, "api"],
  ]);
});

test("what an override takes back is not told", () => {
  const files = {
    ".mayfly.yaml": "compose: [ compose.yaml, over.yaml ]\n",
    "compose.yaml": `${web}    pid: host\n    volumes: [ /srv:/srv ]\n`,
    "over.yaml":
      "services:\n  web:\n    pid: !reset null\n    volumes: !override [ data:/srv ]\nvolumes: { data: {} }\n",
  };
  expect(told(files)).toEqual([]);
});
