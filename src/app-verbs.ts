import type { ApiWorld } from "./api/world.ts";
import type { AccessDesk } from "./app-access.ts";
import type { Site } from "./app-site.ts";
import { type Asker, nameOfAsker } from "./domain/audit.ts";
import { InputError } from "./domain/errors.ts";
import type { Preview } from "./domain/preview.ts";
import { readShare } from "./domain/share.ts";
import { formatMoment, type Clock } from "./domain/time.ts";
import { type ChangingVerb, isKeeping, isResting } from "./domain/verbs.ts";
import type { PreviewView } from "./domain/view.ts";
import { type Decision, decideTakeBack } from "./intake/decide.ts";
import type { Loop } from "./reconcile/loop.ts";
import type { Deciders } from "./reconcile/refresh.ts";
import type { Store } from "./store/store.ts";

type Options = {
  store: Pick<Store, "wishes" | "audit">;
  deciders: Deciders;
  site: Site;
  access: AccessDesk;
  loop: Pick<Loop, "rest" | "wake">;
  clock: Clock;
};

type Deed = { key: string; action: string; asker: Asker };

/** What is said through the API is a wish at once: its caller has shown a token. */
export function createVerbs(options: Options): Pick<ApiWorld, "act" | "share" | "allow" | "bypass"> {
  const { store, deciders, site, access, loop, clock } = options;

  const previewOf = (key: string): Preview => {
    const preview = store.wishes.get(key);
    if (preview === null) throw new InputError("not-found", `there is no preview ${key}`);
    return preview;
  };
  /** What was refused is told in the audit, and to who asked. */
  const refusal = (deed: Deed, reason: string): InputError => {
    store.audit.write({ ...deed.asker, action: deed.action, preview: deed.key, outcome: "refused", detail: reason });
    return new InputError("nothing-changed", `${deed.action} changed nothing: ${reason}`);
  };
  /** Writes what is decided on the row as it is, and tells whoever watches. */
  const write = (deed: Deed, decide: (preview: Preview) => Decision): void => {
    const { key, action, asker } = deed;
    for (;;) {
      const decision = decide(previewOf(key));
      if (decision.kind === "unchanged") throw refusal(deed, decision.reason);
      if (store.wishes.putFor(decision.preview, action, asker)) break;
    }
    site.announce(key);
    loop.wake(key);
  };

  return {
    async act(key, said, asker) {
      const by = nameOfAsker(asker);
      write({ key, action: said.verb, asker }, (preview) => deciders.decideVerb(preview, { ...said, by }));
      // Neither waits for what the forge says.
      if (isResting(said.verb)) loop.rest(key);
      return { accepted: acceptedWords(said.verb, site.view(previewOf(key))) };
    },
    allow(key, said, asker) {
      const deed = { key, action: "allow", asker };
      const judged = deciders.judgeAllow(previewOf(key), said);
      if (judged.kind === "unchanged") throw refusal(deed, judged.reason);
      const allowed = { commit: judged.commit, by: nameOfAsker(asker) };
      store.wishes.approve(key, allowed);
      write(deed, (preview) => deciders.decideAllowed(preview, allowed));
      return { accepted: `commit ${judged.commit.slice(0, 7)} is allowed and under way` };
    },
    share(key, argument, asker) {
      const asked = readShare(argument);
      if (asked.kind === "unclear") throw refusal({ key, action: "share", asker }, asked.why);
      if (asked.kind === "off") {
        write({ key, action: "share off", asker }, decideTakeBack);
        return { link: null, until: null };
      }
      const preview = previewOf(key);
      const until = clock.now() + asked.forMs;
      store.audit.write({ ...asker, action: "share", preview: key, outcome: "done", detail: argument });
      const isOpen = access.accessTo(preview) === "public";
      return { link: access.shareOf(preview, site.hostOf(preview.slug), until), until: isOpen ? null : until };
    },
    bypass: (key) => access.bypassOf(previewOf(key)),
  };
}

function acceptedWords(verb: ChangingVerb, { slug, pinned, expiresAt, rolledBack }: PreviewView): string {
  if (verb === "rollback" && rolledBack !== null)
    return `${slug} goes back to ${rolledBack.commit.slice(0, 7)}; data does not go back with it`;
  if (verb === "sleep") return `${slug} goes to sleep; a visit wakes it`;
  if (verb === "wake") return `${slug} wakes up`;
  if (!isKeeping(verb)) return `/${verb} is under way`;
  if (pinned) return `${slug} is kept until its pull request is closed`;
  return expiresAt === null ? `${slug} has no end` : `${slug} is kept until ${formatMoment(expiresAt)} at least`;
}
