import { type Conversation, createConversation } from "./github-conversation.ts";
import { createDeployments, type Deployments } from "./github-deployments.ts";
import { createPulls, type Pulls } from "./github-pulls.ts";
import { createGitHubApi, type RequestOptions } from "./github-request.ts";

export type GitHubClient = Pulls &
  Conversation &
  Deployments & {
    /** The login that we write as; asked once. */
    whoAmI(): Promise<string>;
  };

/** GitHub, as much of it as Mayfly reads and writes, with a token. Every call may throw RemoteError. */
export function createGitHubClient(options: RequestOptions): GitHubClient {
  const api = createGitHubApi(options);
  let me: string | undefined;

  async function whoAmI(): Promise<string> {
    me ??= (await api.request("GET /user")).data.login;
    return me;
  }

  return { ...createPulls(api), ...createConversation(api, whoAmI), ...createDeployments(api), whoAmI };
}
