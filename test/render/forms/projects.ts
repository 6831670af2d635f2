import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from "yaml";

/** A key of the specification with some of its values, as a project that uses them. */
export type KeyProject = { key: string; values: readonly string[]; files: Readonly<Record<string, string>> };

/** What the values refer to. */
const around = {
  services: { s0: "{ build: . }", s1: "{ image: x }", s2: "{ image: x }", s3: "{ image: x }" },
  networks: { front: "", back: "{}" },
  volumes: { data: "", other: "" },
  secrets: { s_file: "{ file: s }", s_env: "{ environment: S }", s_ext: "{ external: true }" },
  configs: { c_file: "{ file: c }", c_env: "{ environment: C }", c_content: "{ content: x }" },
  models: { llm: "{ model: a/b }", other: "{ model: a/c }" },
};

const files = {
  "a.env": "FROM_A=1\nBOTH=a\n",
  "b.env": "FROM_B=2\nBOTH=b\n",
  "a.labels": "label.a=1\nboth=a\n",
  "b.labels": "label.b=2\nboth=b\n",
  Dockerfile: "FROM x\n",
  "app/Dockerfile": "FROM x\n",
};

/** What stands above the services, and services that extend others. */
export const wholeFile: KeyProject = {
  key: "a whole file",
  values: [],
  files: {
    ...files,
    "compose.yaml": `
version: "3.9"
name: shop
x-own: { a: 1, b: [x, ~] }
include:
  - one.yaml
  - { path: two.yaml, env_file: a.env, project_directory: app }
  - { path: [three.yaml, four.yaml], env_file: [a.env, b.env] }
services:
  web: { extends: base, environment: { B: own } }
  api: { extends: { service: base, file: app/base.yaml } }
  base: { image: x, environment: [A=1, B=2], x-own: 1 }
`,
    "one.yaml": "services: { one: { image: x, volumes: [one:/one] } }\nvolumes: { one: }\n",
    "two.yaml": "services: { two: { build: ., environment: { TWO: $FROM_A } } }\n",
    "three.yaml": "services: { three: { image: x, environment: [A=$FROM_B] } }\n",
    "four.yaml": "services: { three: { command: $BOTH } }\n",
    "app/base.yaml": "services: { base: { build: ., volumes: [./data:/data] } }\n",
  },
};

/** The table `accepted.yaml`, a project for each key: each value is a service (or a network, volume, …) of its own. */
export function acceptedProjects(): KeyProject[] {
  return readTable("accepted.yaml").map(({ key, values }) => projectOf(key, values));
}

/** The tables `refused.yaml` and `unprintable.yaml`, a project for each value. */
export function singleProjects(name: string): KeyProject[] {
  return readTable(name).flatMap(({ key, values }) => values.map((value) => projectOf(key, [value])));
}

/** The values are the texts as they stand in the table. */
function readTable(name: string): { key: string; values: string[] }[] {
  const text = readFileSync(new URL(name, import.meta.url), "utf8");
  const table = parseDocument(text).contents;
  if (!isMap<Node, Node>(table)) throw new Error(`${name} is no map`);
  return table.items.flatMap(({ key, value }) => {
    const section = nameOf(key);
    if (section === "whole services") return [{ key: "services", values: textsOf(value, text) }];
    if (section !== "services") return [{ key: section, values: textsOf(value, text) }];
    return (value as YAMLMap<Node, Node>).items.map((entry) => {
      return { key: `services.${nameOf(entry.key)}`, values: textsOf(entry.value, text) };
    });
  });
}

function projectOf(key: string, values: readonly string[]): KeyProject {
  const [section, ...path] = key.split(".");
  const texts = section === "services" ? values.map((value) => serviceText(path, value)) : values;
  const own = Object.fromEntries(texts.map((each, index) => [`w${index}`, each]));
  const user = section === "services" ? {} : userOf(key, Object.keys(own));
  const text = Object.entries(around).map(([each, constant]) => {
    const entries = { ...constant, ...(each === section ? own : {}), ...(each === "services" ? user : {}) };
    const lines = Object.entries(entries).map(([name, value]) => `  ${name}: ${value.trimEnd()}\n`);
    return `${each}:\n${lines.join("")}`;
  });
  return { key, values, files: { ...files, "compose.yaml": text.join("") } };
}

/** Compose prints what a service uses: this one uses them all. */
function userOf(section: string, names: readonly string[]): Record<string, string> {
  const uses = section === "volumes" ? names.map((name) => `"${name}:/${name}"`) : names;
  return { user: `{ image: x, ${section}: [${uses.join(", ")}] }` };
}

/** A service's text with one value at a path of keys, in block style: plain scalars mean what they mean in the table. */
function serviceText(path: readonly string[], value: string): string {
  if (path.length === 0) return value;
  const lines = path.map((key, depth) => `${" ".repeat(4 + 2 * depth)}${key}:`);
  return `\n${path[0] === "image" ? "" : "    image: x\n"}${lines.join("\n")} ${value}`;
}

function textsOf(list: Node | null, text: string): string[] {
  if (!isSeq<Node | null>(list)) throw new Error("each key of a table has a list of values");
  return list.items.map((item) => {
    const [from = 0, to = 0] = item?.range ?? [];
    return text.slice(from, to).replaceAll(/\n */g, " ");
  });
}

function nameOf(node: Node): string {
  return isScalar(node) ? String(node.value) : "";
}
