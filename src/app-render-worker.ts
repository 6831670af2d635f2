import { resolve } from "node:path";
import { parentPort } from "node:worker_threads";
import { InputError, MayflyError, type Place } from "./domain/errors.ts";
import type { LeftPart } from "./domain/git-parts.ts";
import { previewLink } from "./domain/naming.ts";
import { renderStack, type RenderInput, type RenderOutput } from "./render/render.ts";
import { readers } from "./source/checkout.ts";
import type { Special } from "./source/tree.ts";
import { createTemplates } from "./source/templates.ts";

export type RenderTask = {
  root: string;
  special: readonly Special[];
  left: readonly LeftPart[];
  preview: Omit<RenderInput["preview"], "link">;
  publicUrl: string;
  limits: RenderInput["limits"];
  secrets: RenderInput["secrets"];
  sources: RenderInput["sources"];
};

export type RenderAnswer =
  | { kind: "rendered"; output: RenderOutput }
  | { kind: "failed"; name: string; code: MayflyError["code"]; message: string; hint: string; place: Place | null };

const templates = createTemplates(resolve(import.meta.dirname, "../templates"));

parentPort?.on("message", (task: RenderTask) => parentPort?.postMessage(render(task)));

function render({ root, special, preview, publicUrl, ...rest }: RenderTask): RenderAnswer {
  try {
    const link = (host: string) => previewLink(host, publicUrl);
    const reader = readers(root, special);
    const output = renderStack({ ...rest, reader, templates, preview: { ...preview, link } });
    return { kind: "rendered", output };
  } catch (error) {
    if (!(error instanceof MayflyError)) throw error;
    const { name, code, message, hint } = error;
    return {
      kind: "failed",
      name,
      code,
      message,
      hint,
      place: error instanceof InputError ? (error.place ?? null) : null,
    };
  }
}
