import { RemoteError } from "../domain/errors.ts";
import type { Preview, PullRequest } from "../domain/preview.ts";
import { readShare } from "../domain/share.ts";
import { isChanging, type SaidVerb, type Verb, verbNames, verbs } from "../domain/verbs.ts";
import type { Forge, Wishes } from "./ports.ts";

type Unchanged = { kind: "unchanged"; reason: string };
type Decision = { kind: "changed"; preview: Preview } | Unchanged;

/** What changed, by path: in the whole pull request, and on top of what the newest generation is made of (null: not known). */
type ChangedFiles = { pull: readonly string[] | null; push: readonly string[] | null };

/** What a preview should be, by the rules of its repository. Pure but for the time. */
export type Deciders = {
  /** Which files `decidePull` has to be told. */
  needsFiles(preview: Preview, pull: PullRequest | null): "none" | "push" | "all";
  decidePull(preview: Preview, pull: PullRequest | null, files: ChangedFiles | null): Decision;
  decideVerb(preview: Preview, said: SaidVerb): Decision;
  /** Whether its time is over. */
  decideExpiry(preview: Preview): Decision;
  decideTakeBack(preview: Preview): Decision;
  /** Which commit of a fork is meant by `/allow`, or why none. */
  judgeAllow(preview: Preview, argument: string | null): { kind: "commit"; commit: string } | Unchanged;
  decideAllowed(preview: Preview, said: { commit: string; by: string }): Decision;
};

export type RefreshWorld = Deciders & {
  forge: Omit<Forge, "listOpenPulls" | "readRepository" | "listenTo">;
  wishes: Wishes;
};

/**
 * Reads the pull request itself and what people asked for, and writes the wish. Events were only hints: they count
 * while the forge is down, and are checked when it is back. Answers why the forge did not answer, or null.
 */
export async function refresh(key: string, world: RefreshWorld): Promise<RemoteError | null> {
  const preview = world.wishes.get(key);
  if (preview === null) return null;
  const { said, unanswered } = await readPull(preview, world);
  if (said) write(key, world, (current) => world.decidePull(current, said.pull, said.files));
  const unheard = unanswered ?? (await hearRequests(key, world));
  // Somebody may have asked to keep it.
  if (world.wishes.waitingRequests(key).length === 0) write(key, world, world.decideExpiry);
  return unheard;
}

type Said = { pull: PullRequest | null; files: ChangedFiles | null };
type Read = { said: Said | null; unanswered: RemoteError | null };

async function readPull(preview: Preview, world: RefreshWorld): Promise<Read> {
  const { forge, wishes } = world;
  const hint = wishes.hintOf(preview.key);
  try {
    const pull = await forge.readPull(preview.repository, preview.number);
    if (pull !== null && pull.repositoryId !== preview.repositoryId) throw anotherRepository(preview);
    // Renamed or transferred: GitHub leads from the old name to the new one for as long as nobody else takes the old.
    if (pull !== null && pull.repository !== preview.repository)
      wishes.nameRepository({ id: pull.repositoryId, name: pull.repository });
    const files = await readFiles(preview, pull, world);
    wishes.forgetHint(preview.key, hint);
    return { said: { pull, files }, unanswered: null };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    // Both its event and its refusal: neither alone tells a deleted repository from one that we may not see for now.
    if (error.retry === "never" && wishes.isRepositorySaidGone(preview))
      return { said: { pull: null, files: null }, unanswered: null };
    // Only GitHub's silence lets an event speak for it; a refusal is an answer, and changes nothing by itself.
    const counts = error.retry === "backoff" && hint !== null && world.needsFiles(preview, hint) !== "all";
    return { said: counts ? { pull: hint, files: null } : null, unanswered: error };
  }
}

async function readFiles(
  preview: Preview,
  pull: PullRequest | null,
  world: RefreshWorld,
): Promise<ChangedFiles | null> {
  const needed = world.needsFiles(preview, pull);
  if (pull === null || needed === "none") return null;
  const { forge } = world;
  const { commit } = preview.spec;
  const files = needed === "all" ? await forge.changedFiles(pull.repository, pull.number) : null;
  const push = commit === null ? null : await forge.pushedFiles(pull.repository, commit, pull.headCommit);
  return { pull: files, push };
}

/** A name may have passed to another repository: its pull requests are not ours. */
function anotherRepository({ repository, slug }: Preview): RemoteError {
  const text = `${repository} is another repository now than the one ${slug} belongs to`;
  return new RemoteError("forge-refused", text, {
    hint: "Once GitHub sends an event of the old one, its new name is known.",
  });
}

/** Judges each command by the permission its author has now. */
async function hearRequests(key: string, { forge, wishes, ...world }: RefreshWorld): Promise<RemoteError | null> {
  for (const request of wishes.waitingRequests(key)) {
    if (request.verb === "misspelled") {
      const [said, meant = "help"] = (request.argument ?? "").split(" ");
      wishes.answer(request.commentId, "confused", `There is no \`/${said}\`. Did you mean \`/${meant}\`?`);
      continue;
    }
    try {
      const allowed =
        verbs[request.verb].permission === "anyone" || (await forge.mayWrite(request.repository, request.author));
      if (!allowed) {
        wishes.answer(
          request.commentId,
          "-1",
          `\`/${request.verb}\` needs write permission on ${request.repository}, which @${request.author} does not have.`,
        );
        continue;
      }
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return error;
    }
    carryOut(key, request, { wishes, ...world });
  }
  return null;
}

type Heard = { commentId: number; verb: Verb; author: string; argument: string | null };

function carryOut(
  key: string,
  request: Omit<Heard, "verb"> & { verb: Verb | "misspelled" },
  world: Omit<RefreshWorld, "forge">,
): void {
  const { verb } = request;
  if (verb === "help") {
    world.wishes.answer(request.commentId, "+1", helpText());
  } else if (verb === "logs") {
    world.wishes.accept(request.commentId, 0);
  } else if (verb === "share") {
    share(key, request, world);
  } else if (verb === "allow") {
    const decision = allow(key, request, world);
    if (decision.kind === "unchanged")
      world.wishes.answer(request.commentId, "confused", `\`/allow\` changed nothing: ${decision.reason}.`);
  } else if (verb !== "misspelled" && isChanging(verb)) {
    const decision = write(
      key,
      world,
      (preview) => world.decideVerb(preview, { verb, argument: request.argument, by: request.author }),
      request.commentId,
    );
    if (decision.kind === "unchanged")
      world.wishes.answer(request.commentId, "confused", `\`/${verb}\` changed nothing: ${decision.reason}.`);
  }
}

/** A link is made when it is told: nothing of it is stored. */
function share(key: string, { commentId, argument }: Omit<Heard, "verb">, world: Omit<RefreshWorld, "forge">): void {
  const asked = readShare(argument);
  if (asked.kind === "off") write(key, world, world.decideTakeBack, commentId);
  else if (asked.kind === "link") world.wishes.accept(commentId, 0);
  else world.wishes.answer(commentId, "confused", `\`/share\` changed nothing: ${asked.why}.`);
}

/** Stored before it counts: what decides looks at the approvals there are. */
function allow(
  key: string,
  { commentId, argument, author }: Omit<Heard, "verb">,
  world: Omit<RefreshWorld, "forge">,
): Decision {
  const preview = world.wishes.get(key);
  const judged = preview ? world.judgeAllow(preview, argument) : noSuchPreview;
  if (judged.kind === "unchanged") return judged;
  const said = { commit: judged.commit, by: author };
  world.wishes.approve(key, said);
  return write(key, world, (current) => world.decideAllowed(current, said), commentId);
}

function helpText(): string {
  return verbNames
    .map((verb) => `- \`/${verb}${verbs[verb].args === "" ? "" : ` ${verbs[verb].args}`}\`: ${verbs[verb].help}`)
    .join("\n");
}

const noSuchPreview: Unchanged = { kind: "unchanged", reason: "there is no such preview" };

/** Decides on the row as it is and writes by compare-and-set, again if somebody else wrote in between. */
function write(
  key: string,
  { wishes }: Pick<RefreshWorld, "wishes">,
  decide: (preview: Preview) => Decision,
  request?: number,
): Decision {
  for (;;) {
    const current = wishes.get(key);
    if (current === null) return noSuchPreview;
    const decision = decide(current);
    if (decision.kind === "unchanged" || wishes.put(decision.preview, request)) return decision;
  }
}
