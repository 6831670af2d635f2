import { dashboardOriginOf, type ServerConfig, settingsFor } from "./config/server.ts";
import { type Access, accessOf } from "./domain/access.ts";
import { previewLink } from "./domain/naming.ts";
import type { Preview } from "./domain/preview.ts";
import type { RandomId } from "./domain/time.ts";
import { openPath } from "./gateway/door.ts";
import type { AccessPort, Rule } from "./gateway/guard.ts";
import { createKeys } from "./gateway/keys.ts";
import type { Store } from "./store/store.ts";

export type AccessDesk = ReturnType<typeof createAccessDesk>;

type Options = {
  config: ServerConfig;
  store: Pick<Store, "wishes">;
  /** Every key is made from it: a new one takes all of them back. */
  accessSecret: string;
  randomId: RandomId;
};

/** Gives out the keys of previews and tells the gateway who may look at each. */
export function createAccessDesk({ config, store, accessSecret, randomId }: Options) {
  const keys = createKeys(accessSecret);
  const link = (host: string) => previewLink(host, config.publicUrl);
  /** What holds for each preview, until something of it is new. */
  const rules = new Map<string, Rule>();

  const accessTo = (preview: Preview): Access => {
    // Before the forge was read, the event that told of the pull request says it; without one it is not open to all.
    const pull = preview.spec.pull ?? store.wishes.hintOf(preview.key);
    const settings = settingsFor(config, preview.repository);
    return accessOf(settings.access, pull?.private ?? true);
  };
  const ruleOf = (preview: Preview): Rule => ({ access: accessTo(preview), epoch: preview.spec.takenBack });
  const opening = (preview: Preview, host: string, until: number | null): string => {
    const { access, epoch } = ruleOf(preview);
    return `${link(host)}${openPath(keys.sign("open", [preview.key, access], { epoch, until, note: "" }))}`;
  };

  return {
    accessTo,
    /** Where people go to look: for a guarded preview with the key that lets them in; signing in needs none. */
    linkTo: (preview: Preview, host: string): string =>
      accessTo(preview) === "link" ? opening(preview, host, null) : link(host),
    /** A link that ends at `until` (epoch milliseconds). */
    shareOf: (preview: Preview, host: string, until: number): string =>
      accessTo(preview) === "public" ? link(host) : opening(preview, host, until),
    /** What a program sends as `Mayfly-Bypass`; null where nobody is kept out. */
    bypassOf(preview: Preview): string | null {
      const { access, epoch } = ruleOf(preview);
      return access === "public" ? null : keys.sign("bypass", [preview.key, access], { epoch, until: null, note: "" });
    },
    /** Something of a preview is new. */
    forget: (key: string): void => void rules.delete(key),
    port: {
      keys,
      link,
      randomId,
      rule(key) {
        const known = rules.get(key);
        if (known !== undefined) return known;
        const preview = store.wishes.get(key);
        if (preview === null) return { access: "link", epoch: 0 };
        const rule = ruleOf(preview);
        rules.set(key, rule);
        return rule;
      },
      signInUrl: ({ host, path }) => {
        const back = new URLSearchParams({ to: `${link(host)}${path}` });
        return `${dashboardOriginOf(config)}/visit?${back.toString()}`;
      },
    } satisfies AccessPort,
  };
}
