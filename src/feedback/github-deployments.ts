import type { ApiOf } from "./github-credentials.ts";
import { orWhenGone, ownerAndRepo } from "./github-traffic.ts";
import { shorten } from "./shorten.ts";

export type DeploymentState = "in_progress" | "success" | "failure" | "inactive";

/** Whose deployment it is, on GitHub: its `task` names the preview, its payload the generation. */
export type DeploymentName = { preview: string; generation: number };

export type Deployments = {
  /** Ours of one preview, newest first. */
  listDeployments(repository: string, preview: string): Promise<{ id: number; generation: number }[]>;
  createDeployment(repository: string, commit: string, name: DeploymentName): Promise<number>;
  /** False when the deployment is not there any more. */
  setDeploymentState(
    repository: string,
    deploymentId: number,
    status: { state: DeploymentState; description: string; url: string; logUrl: string },
  ): Promise<boolean>;
};

const environment = "Preview";

/** Deployments (environment `Preview`). Every call may throw RemoteError. */
export function createDeployments(api: ApiOf): Deployments {
  return {
    async listDeployments(repository, preview) {
      const asked = { ...ownerAndRepo(repository), environment, task: taskOf(preview), per_page: 100 };
      const all = await api(repository).paginate("GET /repos/{owner}/{repo}/deployments", asked);
      return all
        .filter((deployment) => deployment.task === taskOf(preview))
        .map(({ id, payload }) => ({ id: Number(id), generation: generationOf(payload) }));
    },

    async createDeployment(repository, commit, { preview, generation }) {
      const answer = await api(repository).request("POST /repos/{owner}/{repo}/deployments", {
        ...ownerAndRepo(repository),
        ref: commit,
        task: taskOf(preview),
        payload: { preview, generation },
        environment,
        description: "A preview of the pull request",
        // A preview neither waits for other checks nor merges the base branch in.
        required_contexts: [],
        auto_merge: false,
        transient_environment: true,
        production_environment: false,
      });
      if (!("id" in answer.data)) throw new TypeError("GitHub merged a branch where it should have made a deployment");
      return Number(answer.data.id);
    },

    async setDeploymentState(repository, deploymentId, { state, description, url, logUrl }) {
      const status = {
        state,
        description: shorten(description),
        environment_url: url,
        log_url: logUrl,
        environment,
        // All pull requests share one environment: a success must not retire the others'. We retire our own.
        auto_inactive: false,
      };
      const asked = { ...ownerAndRepo(repository), deployment_id: deploymentId, ...status };
      const path = "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses" as const;
      return (await orWhenGone(api(repository).request(path, asked), null)) !== null;
    },
  };
}

function taskOf(preview: string): string {
  return `mayfly:${preview}`;
}

/** GitHub hands a payload back as it was given, or as text. */
function generationOf(payload: unknown): number {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return Number(/"generation":\s*(\d+)/.exec(text)?.[1] ?? 0);
}
