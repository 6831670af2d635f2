import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toValue } from "../../src/config/yaml-node.ts";
import { readStack } from "../../src/render/compose/read-stack.ts";
import { renderStack, type RenderInput, type RenderOutput } from "../../src/render/render.ts";
import type { SourceReader } from "../../src/render/repository-path.ts";

export type Files = Record<string, string>;

/** A repository in memory; directories are where files are. */
export function readerOf(files: Files): SourceReader {
  const isDirectory = (path: string) => path === "." || Object.keys(files).some((name) => name.startsWith(`${path}/`));
  return {
    readText: (path) => files[path] ?? null,
    kindOf: (path) => (path in files ? "file" : isDirectory(path) ? "directory" : "none"),
    list(path) {
      const start = path === "." ? "" : `${path}/`;
      const inside = Object.keys(files).filter((name) => name.startsWith(start));
      return [...new Set(inside.map((name) => name.slice(start.length).split("/")[0] ?? ""))].toSorted();
    },
    linkAt: () => null,
  };
}

const folder = fileURLToPath(new URL("../../templates/", import.meta.url));

/** The templates that ship with Mayfly. */
export const templates: RenderInput["templates"] = {
  list: () => readdirSync(folder).toSorted(),
  readText(name, file) {
    const path = `${folder}${name}/${file}`;
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  },
};

export const preview: RenderInput["preview"] = {
  slug: "shop-pr-42",
  project: "shop-pr-42-ab12",
  key: "7-42",
  number: 42,
  repository: "acme/shop",
  branch: "checkout",
  commit: "abc1234def",
  generation: 3,
  trust: "team",
  registries: [],
  allow: [],
  dataEpoch: 0,
  domain: "preview.example.com",
  link: (host) => `https://${host}`,
};

export const limits = { cpus: 2, memoryBytes: 2 * 1024 ** 3, pids: 1024, services: 30 };

export function render(files: Files, change: Partial<RenderInput> = {}): RenderOutput {
  return renderStack({ reader: readerOf(files), templates, preview, limits, secrets: null, sources: null, ...change });
}

/** The same with one Compose file, and a Dockerfile at the root. */
export function renderCompose(text: string, files: Files = {}): RenderOutput {
  return render({ "compose.yaml": text, Dockerfile: "FROM node:24\nEXPOSE 3000\n", ...files });
}

/** The model that is judged: as it was read, without what a print of it adds. */
export function readModel(files: Files): unknown {
  return toValue(readStack({ reader: readerOf(files), templates, preview }).source.model);
}
