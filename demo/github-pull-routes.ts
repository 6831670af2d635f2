import type { Context } from "hono";
import {
  ask,
  createRoutes,
  paginate,
  readAccount,
  readBody,
  readPull,
  refusal,
  reply,
  repositoryName,
  visibleRepository,
  writableRepository,
  type Env,
  type Routes,
  type World,
} from "./github-world.ts";
import type { ChangedFile } from "./github-repository.ts";
import type { Json, PullBody } from "./github-types.ts";
import { pushPayload } from "./github-push.ts";

/** Pull requests: emulate keeps them, and the git server says what is in them. */
export function pullRoutes(world: World): Routes {
  const { emulate, pulls, git, turn, events } = world;
  const routes = createRoutes();

  routes.get("/repos/:owner/:repo/pulls", async (c) => {
    const answer = await ask(world, c);
    if (answer.status !== 200) return reply(c, answer);
    return reply(c, answer, await Promise.all((answer.body as PullBody[]).map((pull) => pulls.mendListed(pull))));
  });

  routes.get("/repos/:owner/:repo/pulls/:number{\\d+}", async (c) => {
    const answer = await ask(world, c);
    return answer.status === 200 ? reply(c, answer, await pulls.mend(answer.body as PullBody)) : reply(c, answer);
  });

  routes.post("/repos/:owner/:repo/pulls", async (c) => {
    const body = await readBody(c);
    const invalid = (field: string) =>
      refusal(422, "Validation Failed", [{ resource: "PullRequest", field, code: "invalid" }]);
    if ((await headCommit(repositoryName(c), String(body["head"]))) === null) throw invalid("head");
    if ((await git.repository(repositoryName(c)).read(`refs/heads/${String(body["base"])}`)) === null)
      throw invalid("base");
    return turn(async () => {
      const answer = await ask(world, c, body);
      if (answer.status !== 201) return reply(c, answer);
      await pulls.follow(answer.body as PullBody);
      return reply(c, answer, await pulls.mend(answer.body as PullBody));
    });
  });

  async function headCommit(repository: string, head: string): Promise<string | null> {
    const [owner, branch] = head.includes(":") ? head.split(":", 2) : [repository.split("/")[0], head];
    return git.repository(`${owner}/${repository.split("/")[1]}`).read(`refs/heads/${branch}`);
  }

  routes.patch("/repos/:owner/:repo/pulls/:number{\\d+}", async (c) => {
    const before = await numbered(c);
    // Drafts are changed by GraphQL only.
    const { draft: _, ...body } = await readBody(c);
    const reopens = body["state"] === "open" && before.state === "closed";
    if (reopens && (await headCommit(repositoryName(c), before.head.label)) === null) {
      throw refusal(422, `state cannot be changed. The ${before.head.ref} branch has been deleted.`);
    }
    const answer = await turn(async () => {
      const changed = await ask(world, c, body);
      const pull = changed.body as PullBody;
      const moved = changed.status === 200 && (pull.state !== before.state || pull.base.ref !== before.base.ref);
      if (moved && pull.state === "open") await pulls.follow(pull);
      return changed;
    });
    if (answer.status !== 200) return reply(c, answer);
    const after = await pulls.mend(answer.body as PullBody);
    const changes = changesOf(before, after);
    if (Object.keys(changes).length > 0) await tell(after, c.get("caller").login, changes);
    return reply(c, answer, after);
  });

  async function tell(pull: PullBody, login: string, changes: Json): Promise<void> {
    const sender = await readAccount(world, login);
    events.emit("pull_request", {
      action: "edited",
      number: pull.number,
      pull_request: pull,
      changes,
      repository: pull.base.repo,
      sender,
    });
  }

  routes.put("/repos/:owner/:repo/pulls/:number{\\d+}/merge", async (c) => {
    await writableRepository(world, c);
    const body = await readBody(c);
    return turn(async () => {
      const pull = await numbered(c);
      if (body["sha"] !== undefined && body["sha"] !== pull.head.sha) {
        throw refusal(409, "Head branch was modified. Review and try the merge again.");
      }
      if (pull.state === "closed" || pull.draft) throw refusal(405, "Pull Request is not mergeable");
      const sha = await merge(pull, c.get("caller").login, body);
      // emulate merges the head it remembers, which is good enough for a state.
      const answer = await emulate.ask(
        c.get("caller"),
        "PUT",
        `/repos/${repositoryName(c)}/pulls/${pull.number}/merge`,
        {
          merge_method: body["merge_method"] ?? "merge",
        },
      );
      return reply(c, answer, { sha, merged: true, message: "Pull Request successfully merged" });
    });
  });

  async function merge(pull: PullBody, author: string, body: Json): Promise<string> {
    const repository = git.repository(pull.base.repo.full_name);
    const before = await repository.read(`refs/heads/${pull.base.ref}`);
    const squash = body["merge_method"] === "squash";
    const message = `Merge pull request #${pull.number} from ${pull.head.label.replace(":", "/")}\n\n${pull.title}`;
    const sha = await repository.merge(pull.base.ref, pull.head.sha, { message, author, squash });
    if (sha === null) throw refusal(405, "Pull Request is not mergeable");
    pulls.merged(pull, sha);
    const push = {
      repository: pull.base.repo.full_name,
      branch: pull.base.ref,
      before,
      after: sha,
      forced: false,
      author,
    };
    events.emit("push", await pushPayload(world, push));
    return sha;
  }

  routes.get("/repos/:owner/:repo/pulls/:number{\\d+}/files", async (c) => {
    await visibleRepository(world, c);
    const pull = await numbered(c);
    const files = await git.repository(repositoryName(c)).changedFiles(pull.base.sha, pull.head.sha);
    return c.json(paginate(c, files.map(describeFile)));
  });

  routes.get("/repos/:owner/:repo/compare/:basehead", async (c) => {
    await visibleRepository(world, c);
    const repository = git.repository(repositoryName(c));
    const [base = "", head = ""] = (c.req.param("basehead") ?? "").split("...");
    const [ahead, behind] = await Promise.all([
      repository.commitsBetween(base, head),
      repository.commitsBetween(head, base),
    ]).catch(() => {
      throw refusal(404, "Not Found");
    });
    const parted = ahead.length > 0 && behind.length > 0;
    const status = parted ? "diverged" : ahead.length > 0 ? "ahead" : behind.length > 0 ? "behind" : "identical";
    const files = (await repository.changedFiles(base, head)).map(describeFile);
    return c.json({ status, ahead_by: ahead.length, behind_by: behind.length, files });
  });

  routes.get("/repos/:owner/:repo/pulls/:number{\\d+}/commits", async (c) => {
    await visibleRepository(world, c);
    const pull = await numbered(c);
    const commits = await git.repository(repositoryName(c)).commitsBetween(pull.base.sha, pull.head.sha);
    return c.json(
      paginate(
        c,
        commits.map(({ sha, message, author, date }) => ({ sha, commit: { message, author: { name: author, date } } })),
      ),
    );
  });

  routes.get("/repos/:owner/:repo/issues/:number{\\d+}", async (c) => {
    await visibleRepository(world, c);
    if (!pulls.has(repositoryName(c), Number(c.req.param("number")))) return reply(c, await ask(world, c));
    return c.json(pulls.asIssue(await numbered(c)));
  });

  const numbered = (c: Context<Env>) => readPull(world, repositoryName(c), c.req.param("number") ?? "");

  return routes;
}

function describeFile({ path: filename, ...file }: ChangedFile): Json {
  return { filename, ...file, changes: file.additions + file.deletions };
}

function changesOf(before: PullBody, after: PullBody): Json {
  const changes: Json = {};
  if (before.title !== after.title) changes["title"] = { from: before.title };
  if (before.body !== after.body) changes["body"] = { from: before.body };
  if (before.base.ref !== after.base.ref)
    changes["base"] = { ref: { from: before.base.ref }, sha: { from: before.base.sha } };
  return changes;
}
