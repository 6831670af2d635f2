import { afterEach, beforeEach, expect, test } from "vitest";
import type { PullBody } from "../../demo/github-types.ts";
import { repo, startStandIn, type StandIn } from "./stand-in.ts";

let it: StandIn;
beforeEach(async () => void (it = await startStandIn()));
afterEach(() => it[Symbol.asyncDispose]());

test("an opened pull request has the pushed commit as its head, in the event and in the API", async () => {
  const sha = await it.github.push({ repo, branch: "feat", author: "alice", files: { "a.txt": "a\n" } });
  const number = await it.github.openPullRequest({ repo, head: "feat", title: "Add a", author: "alice" });

  const [opened] = await it.events("pull_request", "opened");
  expect(opened?.payload).toMatchObject({
    number,
    pull_request: { head: { sha, ref: "feat" }, draft: false },
    sender: { login: "alice" },
  });
  const { body } = await it.api("GET", `/repos/${repo}/pulls/${number}`);
  expect(body).toMatchObject({
    number,
    state: "open",
    head: { sha, repo: { full_name: repo, fork: false } },
    changed_files: 1,
    commits: 1,
  });
  expect(await it.github.git.repository(repo).read(`refs/pull/${number}/head`)).toBe(sha);
});

test("a push moves the pull request's head and sends push and synchronize", async () => {
  const number = await it.open();
  const before = (await it.github.pull(repo, number)).head.sha;
  const after = await it.github.push({
    repo,
    branch: "feat",
    author: "bob",
    files: { "a.txt": "a\n", "src/index.js": null },
  });

  const [synchronize] = await it.events("pull_request", "synchronize");
  expect(synchronize?.payload).toMatchObject({
    number,
    before,
    after,
    pull_request: { head: { sha: after } },
    sender: { login: "bob" },
  });
  const [, push] = await it.events("push");
  expect(push?.payload).toMatchObject({
    ref: "refs/heads/feat",
    before,
    after,
    forced: false,
    head_commit: { id: after },
  });
  expect((await it.api<PullBody>("GET", `/repos/${repo}/pulls/${number}`)).body.head.sha).toBe(after);
  const files = await it.api<{ filename: string; status: string }[]>("GET", `/repos/${repo}/pulls/${number}/files`);
  expect(files.body.map(({ filename, status }) => [filename, status])).toEqual([
    ["a.txt", "added"],
    ["src/index.js", "removed"],
  ]);
});

test("a forced push replaces the commit", async () => {
  const number = await it.open();
  const sha = await it.github.push({ repo, branch: "feat", author: "alice", files: { "b.txt": "b\n" }, force: true });
  const { head, commits } = (await it.api<PullBody>("GET", `/repos/${repo}/pulls/${number}`)).body;
  expect([head.sha, commits]).toEqual([sha, 1]);
});

test("a list of pull requests has current heads, and only what GitHub's lists have", async () => {
  const number = await it.open();
  const sha = await it.github.push({ repo, branch: "feat", author: "alice", files: { "a.txt": "a\n" } });
  const { body } = await it.api<PullBody[]>("GET", `/repos/${repo}/pulls?state=open`);
  expect(body).toHaveLength(1);
  expect(body[0]).toMatchObject({ number, head: { sha } });
  expect(body[0]).not.toHaveProperty("merged");
});

test("pages of a list are linked through the front", async () => {
  await it.open({ branch: "one" });
  await it.open({ branch: "two" });
  const { headers } = await it.api("GET", `/repos/${repo}/pulls?per_page=1`);
  expect(headers.get("link")).toContain(`<${it.github.apiUrl}/repos/${repo}/pulls?per_page=1&page=2>; rel="next"`);
});

test("a merge takes the current head, closes with merged: true and pushes to main", async () => {
  const number = await it.open();
  const head = await it.github.push({ repo, branch: "feat", author: "alice", files: { "a.txt": "a\n" } });
  const merge = await it.github.merge({ repo, number, author: "bob" });

  const [closed] = await it.events("pull_request", "closed");
  const merged = { merged: true, state: "closed", merge_commit_sha: merge, head: { sha: head } };
  expect(closed?.payload).toMatchObject({ number, pull_request: merged, sender: { login: "bob" } });
  expect((await it.api("GET", `/repos/${repo}/pulls/${number}`)).body).toMatchObject(merged);
  expect(await it.github.git.repository(repo).read("main")).toBe(merge);
  expect((await it.events("push")).at(-1)?.payload).toMatchObject({ ref: "refs/heads/main", after: merge });
});

test("a merge of a head that has moved on is refused", async () => {
  const number = await it.open();
  const { status } = await it.api("PUT", `/repos/${repo}/pulls/${number}/merge`, { sha: "0".repeat(40) });
  expect(status).toBe(409);
});

test("closing and reopening are told; reopening takes what was pushed meanwhile", async () => {
  const number = await it.open();
  await it.github.close({ repo, number, author: "alice" });
  const [closed] = await it.events("pull_request", "closed");
  expect(closed?.payload.pull_request).toMatchObject({ merged: false, state: "closed" });

  const sha = await it.github.push({ repo, branch: "feat", author: "alice", files: { "late.txt": "late\n" } });
  await it.github.reopen({ repo, number, author: "alice" });
  const [reopened] = await it.events("pull_request", "reopened");
  expect(reopened?.payload.pull_request).toMatchObject({ state: "open", head: { sha } });
  expect(it.received.filter(({ payload }) => payload["action"] === "synchronize")).toEqual([]);
});

test("labels, drafts and edits of a pull request arrive as pull_request events", async () => {
  const number = await it.open();
  await it.github.label({ repo, number, author: "alice", name: "preview" });
  await it.github.label({ repo, number, author: "alice", name: "preview", remove: true });
  await it.github.setDraft({ repo, number, author: "alice", draft: true });
  await it.github.setDraft({ repo, number, author: "alice", draft: false });
  await it.github.edit({ repo, number, author: "alice", title: "Better" });

  expect((await it.events("pull_request", "labeled"))[0]?.payload).toMatchObject({
    number,
    label: { name: "preview" },
    pull_request: { labels: [{ name: "preview" }] },
  });
  expect((await it.events("pull_request", "unlabeled"))[0]?.payload).toMatchObject({
    number,
    pull_request: { labels: [] },
  });
  expect((await it.events("pull_request", "converted_to_draft"))[0]?.payload.pull_request.draft).toBe(true);
  expect((await it.events("pull_request", "ready_for_review"))[0]?.payload.pull_request.draft).toBe(false);
  expect((await it.events("pull_request", "edited"))[0]?.payload).toMatchObject({
    changes: { title: { from: "Add feat" } },
    pull_request: { title: "Better" },
  });
});

test("a fork's pull request names the fork, and follows what is pushed there", async () => {
  const fork = await it.github.fork({ repo, owner: "mallory" });
  await it.github.push({ repo: fork, branch: "evil", author: "mallory", files: { "src/index.js": "evil\n" } });
  const number = await it.github.openPullRequest({
    repo,
    head: "evil",
    title: "Trust me",
    author: "mallory",
    fork: "mallory",
  });

  const [opened] = await it.events("pull_request", "opened");
  const head = { repo: { full_name: "mallory/shop", fork: true, owner: { login: "mallory" } } };
  expect(opened?.payload.pull_request).toMatchObject({
    head,
    author_association: "NONE",
    base: { repo: { full_name: repo } },
  });

  const sha = await it.github.push({
    repo: fork,
    branch: "evil",
    author: "mallory",
    files: { "src/index.js": "worse\n" },
  });
  expect(await it.github.git.repository(repo).read(`refs/pull/${number}/head`)).toBe(sha);
  expect((await it.events("pull_request", "synchronize"))[0]?.payload).toMatchObject({ number, after: sha });

  await it.github.deleteRepository(fork);
  expect((await it.api<PullBody>("GET", `/repos/${repo}/pulls/${number}`)).body.head).toMatchObject({
    repo: null,
    sha,
  });
});

test("who may not write cannot merge", async () => {
  const number = await it.open();
  await expect(it.github.merge({ repo, number, author: "mallory" })).rejects.toThrow("403");
});

test("a private repository's pull request says that it is private", async () => {
  await it.github.push({ repo: "acme/secret", branch: "feat", author: "alice", files: { "a.txt": "a\n" } });
  const number = await it.github.openPullRequest({ repo: "acme/secret", head: "feat", title: "Hush", author: "alice" });
  const [opened] = await it.events("pull_request", "opened");
  expect(opened?.payload["repository"]).toMatchObject({ private: true });
  expect((await it.api("GET", `/repos/acme/secret/pulls/${number}`)).body).toMatchObject({
    base: { repo: { private: true } },
  });
});

test("a pull request of a branch that does not exist is refused", async () => {
  const { status } = await it.api("POST", `/repos/${repo}/pulls`, { title: "No", head: "nowhere", base: "main" });
  expect(status).toBe(422);
});

test("a pull request read as an issue is one", async () => {
  const number = await it.open();
  const { status, body } = await it.api("GET", `/repos/${repo}/issues/${number}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    number,
    title: "Add feat",
    pull_request: { url: `${it.github.apiUrl}/repos/${repo}/pulls/${number}` },
  });
});

test("a commit that is deleted from the git server is still the pull request's head", async () => {
  const number = await it.open();
  const { sha } = (await it.github.pull(repo, number)).head;
  await it.github.git.repository(repo).destroyCommit(sha);
  expect((await it.api<PullBody>("GET", `/repos/${repo}/pulls/${number}`)).body.head.sha).toBe(sha);
});

test("addresses lead to the front: the API below /api/v3, pages and clones at the root", async () => {
  const number = await it.open();
  const { body } = await it.api<PullBody>("GET", `/repos/${repo}/pulls/${number}`);
  expect(body["url"]).toBe(`${it.github.apiUrl}/repos/${repo}/pulls/${number}`);
  expect(body.html_url).toBe(`${it.github.url}/${repo}/pull/${number}`);
  expect(body.base.repo["clone_url"]).toBe(`${it.github.url}/${repo}.git`);
  expect(body["created_at"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(JSON.stringify(body)).not.toContain("localhost");
});

test("what the stand-in cannot tell truly it refuses to tell", async () => {
  expect((await it.api("GET", `/repos/${repo}/contents/README.md`)).status).toBe(501);
});
