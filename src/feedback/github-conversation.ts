import type { Comment, Heard } from "../domain/intent.ts";
import type { ReadAgain } from "./github-conditional.ts";
import type { ApiOf } from "./github-credentials.ts";
import { listenTo } from "./github-listen.ts";
import { orWhenGone, ownerAndRepo } from "./github-traffic.ts";

export type Reaction = "eyes" | "rocket" | "+1" | "-1" | "confused";

export type Conversation = {
  /** The id of our own oldest comment on a pull request that holds `marker`, or null. */
  findComment(repository: string, number: number, marker: string): Promise<number | null>;
  /**
   * What was said on the repository's pull requests and issues after the comment `heard.lastId`, oldest first; what is
   * `heard` now goes into the next call. With null nothing is told yet, and listening begins.
   */
  listenTo(repository: string, heard: Heard | null): Promise<{ comments: Comment[]; heard: Heard }>;
  createComment(repository: string, number: number, body: string): Promise<number>;
  /** False when the comment is not there any more. */
  updateComment(repository: string, commentId: number, body: string): Promise<boolean>;
  /** Makes this our only reaction to a comment; nothing when the comment is gone. */
  react(repository: string, commentId: number, reaction: Reaction): Promise<void>;
};

/** Comments and reactions on pull requests. `whoAmI` tells ours from others', who can write our marker too. */
export function createConversation(api: ApiOf, whoAmI: () => Promise<string>, again: ReadAgain): Conversation {
  async function findComment(repository: string, number: number, marker: string): Promise<number | null> {
    const me = await whoAmI();
    const asked = { ...ownerAndRepo(repository), issue_number: number, per_page: 100 };
    const pages = api(repository).paginate.iterator("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", asked);
    for await (const { data } of pages) {
      const found = data.find(({ user, body }) => user?.login === me && body?.includes(marker));
      if (found) return Number(found.id);
    }
    return null;
  }

  async function react(repository: string, commentId: number, reaction: Reaction): Promise<void> {
    const comment = { ...ownerAndRepo(repository), comment_id: commentId };
    const path = "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions" as const;
    // Answers the one that is there when we had reacted so before.
    const made = await orWhenGone(api(repository).request(`POST ${path}`, { ...comment, content: reaction }), null);
    if (made === null) return;
    const me = await whoAmI();
    const all = await api(repository).paginate(`GET ${path}`, { ...comment, per_page: 100 });
    for (const { id } of all.filter((each) => each.user?.login === me && each.id !== made.data.id)) {
      await orWhenGone(api(repository).request(`DELETE ${path}/{reaction_id}`, { ...comment, reaction_id: id }), null);
    }
  }

  return {
    listenTo: (repository, heard) => listenTo({ api: api(repository), again, repository, heard }),
    findComment,
    react,
    async createComment(repository, number, body) {
      const asked = { ...ownerAndRepo(repository), issue_number: number, body };
      const answer = await api(repository).request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", asked);
      return Number(answer.data.id);
    },
    async updateComment(repository, commentId, body) {
      const asked = { ...ownerAndRepo(repository), comment_id: commentId, body };
      return (
        (await orWhenGone(
          api(repository).request("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", asked),
          null,
        )) !== null
      );
    },
  };
}
