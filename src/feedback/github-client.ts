import { type Access, createAccess } from "./github-access.ts";
import { type CommitReports, createCommitReports } from "./github-commit-report.ts";
import { createReadAgain } from "./github-conditional.ts";
import { type Conversation, createConversation } from "./github-conversation.ts";
import { type CredentialOptions, createCredentials, type Credentials } from "./github-credentials.ts";
import { createDeployments, type Deployments } from "./github-deployments.ts";
import { createPulls, type Pulls } from "./github-pulls.ts";
import { createRepositories, type Repositories } from "./github-repositories.ts";
import { createTraffic, type Limits, type TrafficOptions } from "./github-traffic.ts";

export type GitHubClient = Pulls &
  Repositories &
  Conversation &
  CommitReports &
  Deployments &
  Pick<Credentials, "gitToken"> &
  Access & {
    /** The login that we write as; asked once. */
    whoAmI(): Promise<string>;
    /** What GitHub leaves to each account that we call for. */
    limits(): Limits;
  };

export type GitHubOptions = TrafficOptions & CredentialOptions;

/** GitHub, as much of it as Mayfly reads and writes, with a token or as an App. Every call may throw RemoteError. */
export function createGitHubClient(options: GitHubOptions): GitHubClient {
  const traffic = createTraffic(options);
  const credentials = createCredentials(traffic, options);
  const { of: api, own, kind, gitToken } = credentials;
  const again = createReadAgain();
  let me: string | undefined;

  async function whoAmI(): Promise<string> {
    me ??=
      kind === "app"
        ? `${(await own.request("GET /app")).data?.slug}[bot]`
        : (await own.request("GET /user")).data.login;
    return me;
  }

  return {
    ...createPulls(api, again),
    ...createRepositories(credentials, again),
    ...createConversation(api, whoAmI, again),
    ...createCommitReports(api, kind),
    ...createDeployments(api),
    gitToken,
    ...createAccess(credentials),
    whoAmI,
    limits: traffic.limits,
  };
}
