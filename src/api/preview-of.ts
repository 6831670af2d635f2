import { InputError } from "../domain/errors.ts";
import type { PreviewView } from "../domain/view.ts";
import type { ApiWorld } from "./world.ts";

/** The preview that a path names; throws InputError `not-found`. */
export function previewOf({ preview }: Pick<ApiWorld, "preview">, id: string): PreviewView {
  const view = preview(id);
  if (view === null) throw new InputError("not-found", `there is no preview "${id}"`);
  return view;
}
