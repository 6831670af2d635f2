import type { Logger } from "pino";
import { RemoteError } from "../domain/errors.ts";
import { specHash } from "../domain/spec-hash.ts";
import type { PreviewView } from "../domain/view.ts";
import type { CheckRun, CommitReports } from "./github-commit-report.ts";
import type { Conversation, Reaction } from "./github-conversation.ts";
import type { Deployments } from "./github-deployments.ts";
import { commentMarker, type Report, report } from "./report.ts";
import type { DeploymentReport } from "./report-deployments.ts";
import type { ReportDetails } from "./report-details.ts";

/** What was last told of one preview: ids to edit, hashes to skip what is unchanged. Plain data, kept by the store. */
export type Published = {
  comment: { id: number; hash: string } | null;
  /** Hash of what was said of the commit, its id included. */
  status: string | null;
  /** The check run that says it, with an App. */
  checkRun?: CheckRun | null;
  /** The same of each check of a preview, by its name. */
  checks?: Record<string, { hash: string; checkRun: CheckRun | null }>;
  deployments: { generation: number; id: number; hash: string }[];
  /** Answers by the comment that asked, the newest last. */
  answers: { commentId: number; hash: string }[];
};

export type Memory = { get(preview: string): Published | null; set(preview: string, published: Published): void };

/** A command that is being answered. */
export type Asked = { preview: string; repository: string; number: number; commentId: number };

export type Publisher = {
  /**
   * Brings the pull request up to date with what is so; what was told before is not told again. Everything is tried
   * before the first failure is thrown (RemoteError). One call per preview at a time.
   */
  publish(view: PreviewView, details: ReportDetails): Promise<void>;
  /** Reacts to a command, and replies once where there is something to say (Markdown). Throws RemoteError. */
  answer(asked: Asked, answer: { reaction: Reaction; text?: string | null }): Promise<void>;
};

type Client = Conversation & CommitReports & Deployments;

const nothing: Published = { comment: null, status: null, deployments: [], answers: [] };
const answersKept = 50;

/** Tells pull requests how their previews are: one comment, a commit status, deployments, answers. */
export function createPublisher({ client, memory, log }: { client: Client; memory: Memory; log: Logger }): Publisher {
  const recall = (preview: string): Published => memory.get(preview) ?? nothing;
  const remember = (preview: string, news: Partial<Published>) => memory.set(preview, { ...recall(preview), ...news });

  async function publishComment(
    view: PreviewView,
    { comment: body, isNews }: Pick<Report, "comment" | "isNews">,
  ): Promise<void> {
    const hash = specHash(body);
    const known = recall(view.key).comment;
    if (known?.hash === hash) return;
    // Every pull request that never gets a preview would else be searched for a comment again and again.
    if (known === null && view.phase === "blocked" && !isNews) return;
    const editable = async (id: number) => await client.updateComment(view.repository, id, body);
    let id = known !== null && (await editable(known.id)) ? known.id : null;
    if (id === null) {
      // Also where the one we know of seems gone: a repository that moves answers so for a moment.
      const found = await client.findComment(view.repository, view.number, commentMarker(view.key));
      if (found !== null && (await editable(found))) id = found;
      else if (isNews) id = await client.createComment(view.repository, view.number, body);
    }
    if (id !== null) remember(view.key, { comment: { id, hash } });
  }

  async function publishStatus(
    view: PreviewView,
    status: NonNullable<ReturnType<typeof report>["status"]>,
  ): Promise<void> {
    const hash = specHash(status);
    if (recall(view.key).status === hash) return;
    const known = recall(view.key).checkRun ?? null;
    const checkRun = await client.setStatus(view.repository, { preview: view.key, ...status }, known);
    remember(view.key, { status: hash, checkRun });
  }

  async function publishChecks(view: PreviewView, checks: Report["checks"]): Promise<void> {
    for (const { name, ...said } of checks) {
      const hash = specHash(said);
      const known = recall(view.key).checks?.[name];
      if (known?.hash === hash) continue;
      const status = { preview: view.key, check: name, ...said };
      const checkRun = await client.setStatus(view.repository, status, known?.checkRun ?? null);
      remember(view.key, { checks: { ...recall(view.key).checks, [name]: { hash, checkRun } } });
    }
  }

  async function publishDeployments(view: PreviewView, reports: DeploymentReport[]): Promise<void> {
    for (const each of reports) await publishDeployment(view, each);
    const told = new Set(reports.map(({ generation }) => generation));
    const retired = { state: "inactive", description: "Replaced or removed", url: "", logUrl: "" } as const;
    for (const { generation, id } of recall(view.key).deployments.filter((each) => !told.has(each.generation))) {
      await client.setDeploymentState(view.repository, id, retired);
      remember(view.key, {
        deployments: recall(view.key).deployments.filter((each) => each.generation !== generation),
      });
    }
  }

  async function publishDeployment(view: PreviewView, told: DeploymentReport): Promise<void> {
    const hash = specHash(told);
    const known = recall(view.key).deployments.find(({ generation }) => generation === told.generation);
    if (known?.hash === hash) return;
    const id = known?.id ?? (await findOrCreate(view, told));
    const others = recall(view.key).deployments.filter(({ generation }) => generation !== told.generation);
    // Known before its state is told, so that a failure there makes no second one.
    remember(view.key, { deployments: [...others, { generation: told.generation, id, hash: "" }] });
    await client.setDeploymentState(view.repository, id, told);
    remember(view.key, { deployments: [...others, { generation: told.generation, id, hash }] });
  }

  /** Memory may be lost, or the call that made it may have been cut off: GitHub knows which are ours. */
  async function findOrCreate(view: PreviewView, { generation, commit }: DeploymentReport): Promise<number> {
    const ours = await client.listDeployments(view.repository, view.key);
    if (recall(view.key).deployments.length === 0) {
      remember(view.key, { deployments: ours.map((each) => ({ ...each, hash: "" })) });
    }
    const found = ours.find((each) => each.generation === generation);
    return found?.id ?? client.createDeployment(view.repository, commit, { preview: view.key, generation });
  }

  return {
    async publish(view, details) {
      const told = report(view, details);
      const outcomes = [
        await settle(publishComment(view, told)),
        told.status && (await settle(publishStatus(view, told.status))),
        await settle(publishChecks(view, told.checks)),
        await settle(publishDeployments(view, told.deployments)),
      ].filter((failure) => failure !== null);
      for (const failure of outcomes)
        log.debug({ preview: view.key, err: failure }, "the pull request is not up to date");
      const first = outcomes.find(isPassing) ?? outcomes[0];
      if (first !== undefined) throw first;
    },

    async answer({ preview, repository, number, commentId }, { reaction, text = null }) {
      const hash = specHash({ reaction, text });
      const before = recall(preview).answers;
      if (before.some((each) => each.commentId === commentId && each.hash === hash)) return;
      await client.react(repository, commentId, reaction);
      if (text !== null) await reply({ repository, number, commentId }, text);
      const others = before.filter((each) => each.commentId !== commentId);
      remember(preview, { answers: [...others, { commentId, hash }].slice(-answersKept) });
    },
  };

  /** One reply per command, edited when there is more to say. */
  async function reply({ repository, number, commentId }: Omit<Asked, "preview">, text: string): Promise<void> {
    const marker = `<!-- mayfly:answer ${commentId} -->`;
    const body = `${text}\n\n${marker}`;
    const id = await client.findComment(repository, number, marker);
    if (id === null || !(await client.updateComment(repository, id, body)))
      await client.createComment(repository, number, body);
  }
}

async function settle(work: Promise<void>): Promise<Error | null> {
  return work.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}

function isPassing(error: Error): boolean {
  return error instanceof RemoteError && error.retry === "backoff";
}
