import { InputError } from "../domain/errors.ts";
import { allows } from "../domain/token.ts";
import type { PreviewView } from "../domain/view.ts";
import type { Caller } from "./caller.ts";
import type { Permissions } from "./permissions.ts";
import { previewOf } from "./preview-of.ts";
import type { ApiWorld, Numbers } from "./world.ts";

/** What one caller sees and may do: a token's holder all that its scopes say, a person what GitHub says. */
export type Sight = {
  previews(): Promise<PreviewView[]>;
  /** Throws InputError `not-found`, also for what is there and not for the caller. */
  preview(id: string): Promise<PreviewView>;
  /** Whether it is there, for the caller. */
  sees(id: string): Promise<boolean>;
  /** The same for who wants to change it; throws InputError `forbidden` to those who may only look. */
  previewToChange(id: string): Promise<PreviewView>;
  mayChange(view: PreviewView): Promise<boolean>;
  /** Of what the caller sees; null what is not theirs to know. */
  numbers(): Promise<{ [Name in keyof Numbers]: number | null }>;
  /** What the machine is short of: for whom `/api/server` answers. */
  notices(): string[];
};

type Eyes = { caller: Caller; permissions: Permissions; isStillKnown(): boolean };

/** Binds the world's previews to a caller. Asked again in a stream, it ends with the token, the session or the permission. */
export function createSight(world: ApiWorld, { caller, permissions, isStillKnown }: Eyes): Sight {
  const demandKnown = (): void => {
    if (!isStillKnown()) throw new InputError("unauthorized", "the token or session has ended");
  };
  const levelOf = async (view: PreviewView) => {
    if (caller.kind === "person") return permissions(caller, view);
    return allows(caller.scopes, "deploy") ? "write" : "read";
  };
  const isSeen = async (view: PreviewView) => (await levelOf(view)) !== "none";

  async function previews(): Promise<PreviewView[]> {
    demandKnown();
    const all = world.previews();
    if (caller.kind === "token") return all;
    const seen = await Promise.all(all.map(isSeen));
    return all.filter((_, index) => seen[index]);
  }

  async function preview(id: string): Promise<PreviewView> {
    demandKnown();
    const view = previewOf(world, id);
    // In the very words of what is not there.
    return (await isSeen(view)) ? view : previewOf({ preview: () => null }, id);
  }

  return {
    previews,
    preview,
    async sees(id) {
      demandKnown();
      const view = world.preview(id);
      return view !== null && (await isSeen(view));
    },
    async previewToChange(id) {
      const view = await preview(id);
      if ((await levelOf(view)) === "write") return view;
      const who = caller.kind === "person" ? caller.login : `the token ${caller.name}`;
      throw new InputError("forbidden", `${who} may look at ${view.slug}, and not change it`);
    },
    mayChange: async (view) => (await levelOf(view)) === "write",
    async numbers() {
      if (caller.kind === "token") return world.numbers();
      const phases = (await previews()).map(({ phase }) => phase);
      const waiting = phases.filter((phase) => phase === "pending").length;
      const asleep = phases.filter((phase) => phase === "asleep").length;
      return { up: phases.filter((phase) => phase === "ready").length, asleep, waiting, orphans: null };
    },
    notices: () => (caller.kind === "token" ? world.server().notices : []),
  };
}
