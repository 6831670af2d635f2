import { expect, test } from "vitest";
import type { Deployment } from "../../src/domain/preview.ts";
import { attempt, failure, now, type Story, tell } from "./facts.ts";
import { createMemory, createWorld, publisherOf, repo, type World } from "./world.ts";

const ready = (world: World, generation = 1): Deployment => attempt(generation, { commit: world.commit });
const told = (world: World, story: Story) => tell({ ...story, number: world.number });
const writes = (world: World) => world.github.calls().filter(({ method }) => method !== "GET");

test("what is so is told once: a comment, a commit status and a deployment", async () => {
  await using world = await createWorld();
  const publisher = publisherOf(world, createMemory());
  const story = told(world, { deployments: [ready(world)] });
  await publisher.publish(...story);
  const comments = await world.github.comments(repo, world.number);
  expect(comments).toHaveLength(1);
  expect(comments[0]?.body).toContain("is ready at");
  const [status] = world.github.statuses(repo, world.commit);
  expect(status).toMatchObject({
    state: "success",
    context: "mayfly",
    description: "Ready in 11 s",
    target_url: "https://shop-pr-42.preview.localhost",
  });
  const [only, ...more] = world.github.deployments(repo);
  expect(more).toEqual([]);
  expect(only?.deployment).toMatchObject({
    sha: world.commit,
    environment: "Preview",
    transient_environment: true,
    production_environment: false,
  });
  expect(only?.statuses.map(({ state, environment_url }) => [state, environment_url])).toEqual([
    ["success", "https://shop-pr-42.preview.localhost"],
  ]);

  const before = writes(world).length;
  await publisher.publish(...story);
  expect(writes(world)).toHaveLength(before);
});

test("a story of pushes is one comment, edited, and one active deployment at its end", async () => {
  await using world = await createWorld();
  const publisher = publisherOf(world, createMemory());
  const first = ready(world);
  const second = await world.github.push({ repo, branch: "feat", files: { a: "2\n" }, author: "ann" });
  const later = (more: Partial<Deployment>) => attempt(2, { commit: second, ...more });
  await publisher.publish(...told(world, { deployments: [attempt(1, { commit: world.commit, phase: "building" })] }));
  await publisher.publish(...told(world, { deployments: [first] }));
  await publisher.publish(...told(world, { deployments: [first, later({ phase: "building" })] }));
  await publisher.publish(...told(world, { deployments: [first, later({ phase: "failed", failure: failure() })] }));
  await publisher.publish(...told(world, { deployments: [first, attempt(3, { commit: second })] }));

  expect(await world.github.comments(repo, world.number)).toHaveLength(1);
  expect(world.github.statuses(repo, second).map(({ state }) => state)).toEqual(["success", "failure", "pending"]);
  const states = world.github.deployments(repo).map(({ statuses }) => statuses.map(({ state }) => state));
  expect(states).toEqual([["success"], ["inactive", "failure", "in_progress"], ["inactive", "success", "in_progress"]]);

  await publisher.publish(
    ...told(world, {
      spec: { wanted: "absent", reason: "merged" },
      deployments: [first, attempt(3, { commit: second })],
      goneAt: now,
    }),
  );
  expect(world.github.deployments(repo).map(({ statuses }) => statuses[0]?.state)).toEqual([
    "inactive",
    "inactive",
    "inactive",
  ]);
  const [comment] = await world.github.comments(repo, world.number);
  expect(comment?.body).toMatch(/^Gone since the merge/);
});

test("a comment that somebody deleted is made again when there is news", async () => {
  await using world = await createWorld();
  const publisher = publisherOf(world, createMemory());
  await publisher.publish(...told(world, { deployments: [attempt(1, { commit: world.commit, phase: "building" })] }));
  const [comment] = await world.github.comments(repo, world.number);
  const response = await fetch(`${world.github.apiUrl}/repos/${repo}/issues/comments/${comment?.id}`, {
    method: "DELETE",
    headers: { Authorization: "Bearer token-of-ann" },
  });
  expect(response.status).toBe(204);
  await publisher.publish(...told(world, { deployments: [ready(world)] }));
  const bodies = (await world.github.comments(repo, world.number)).map(({ body }) => body);
  expect(bodies).toEqual([expect.stringContaining("is ready at")]);
});

test("a comment that seems gone for a moment stays the only one", async () => {
  await using world = await createWorld();
  const memory = createMemory();
  const publisher = publisherOf(world, memory);
  const [view, details] = told(world, { deployments: [attempt(1, { commit: world.commit, phase: "building" })] });
  await publisher.publish(view, details);
  memory.set(view.key, { ...memory.get(view.key)!, comment: { id: 999_999, hash: "" } });
  await publisher.publish(...told(world, { deployments: [ready(world)] }));
  const bodies = (await world.github.comments(repo, world.number)).map(({ body }) => body);
  expect(bodies).toEqual([expect.stringContaining("is ready at")]);
});

test("after the memory is lost, the comment and the deployments are found again", async () => {
  await using world = await createWorld();
  const memory = createMemory();
  const first = ready(world);
  await publisherOf(world, memory).publish(...told(world, { deployments: [first] }));
  memory.lose();
  const second = await world.github.push({ repo, branch: "feat", files: { a: "2\n" }, author: "ann" });
  await publisherOf(world, memory).publish(
    ...told(world, { deployments: [first, attempt(2, { commit: second, phase: "failed", failure: failure() })] }),
  );
  expect(await world.github.comments(repo, world.number)).toHaveLength(1);
  expect(world.github.deployments(repo)).toHaveLength(2);
  memory.lose();
  await publisherOf(world, memory).publish(...told(world, { deployments: [attempt(3, { commit: second })] }));
  expect(world.github.deployments(repo).map(({ statuses }) => statuses[0]?.state)).toEqual([
    "success",
    "inactive",
    "inactive",
  ]);
});

test.each(["refusing connections", "unavailable"] as const)(
  "GitHub %s for ten minutes ends with one edit",
  async (how) => {
    await using world = await createWorld();
    const memory = createMemory();
    const publisher = publisherOf(world, memory);
    const building = told(world, { deployments: [attempt(1, { commit: world.commit, phase: "building" })] });
    await publisher.publish(...building);
    await world.github.down(how === "unavailable" ? "unavailable" : true);
    for (const phase of ["starting", "failed", "building"] as const) {
      const story = told(world, { deployments: [attempt(1, { commit: world.commit, phase, failure: failure() })] });
      await expect(publisher.publish(...story)).rejects.toMatchObject({ code: "forge-unreachable", retry: "backoff" });
    }
    await world.github.down(false);
    const before = writes(world).length;
    const story = told(world, { deployments: [ready(world)] });
    await publisher.publish(...story);
    await publisher.publish(...story);
    const since = writes(world).slice(before);
    expect(since.map(({ method, path }) => `${method} ${path.split("/").at(-2)}`)).toEqual([
      "PATCH comments",
      "POST statuses",
      "POST 1",
    ]);
    expect(await world.github.comments(repo, world.number)).toHaveLength(1);
  },
);

test("under a rate limit nothing is told, and the wait is passed on", async () => {
  await using world = await createWorld();
  const publisher = publisherOf(world, createMemory());
  world.github.rateLimited("secondary", 77);
  const story = told(world, { deployments: [ready(world)] });
  await expect(publisher.publish(...story)).rejects.toMatchObject({ code: "forge-limited", retryAfterMs: 77_000 });
  expect(world.github.calls().filter(({ path }) => path.startsWith("/repos"))).toHaveLength(0);
});

test("a refused commit status neither stops the comment nor the deployment", async () => {
  await using world = await createWorld();
  const publisher = publisherOf(world, createMemory());
  const [view, details] = told(world, { deployments: [ready(world)] });
  const pull = details.preview.spec.pull;
  if (pull === null) throw new Error("the story has a pull request");
  const spec = { ...details.preview.spec, pull: { ...pull, headCommit: "0".repeat(40) } };
  const unknown = { ...details, preview: { ...details.preview, spec } };
  await expect(publisher.publish(view, unknown)).rejects.toMatchObject({ code: "forge-refused", status: 422 });
  expect(await world.github.comments(repo, world.number)).toHaveLength(1);
  expect(world.github.deployments(repo)).toHaveLength(1);
});

test("a preview that never was is not mourned", async () => {
  await using world = await createWorld();
  const story = told(world, { spec: { wanted: "absent", reason: "closed" }, goneAt: now });
  await publisherOf(world, createMemory()).publish(...story);
  expect(await world.github.comments(repo, world.number)).toEqual([]);
});

test("a command is seen at once, answered when done, and never twice", async () => {
  await using world = await createWorld();
  const memory = createMemory();
  const publisher = publisherOf(world, memory);
  const { github, number } = world;
  const commentId = await github.comment({ repo, number, author: "ann", body: "/redeploy" });
  const asked = { preview: "7-42", repository: repo, number, commentId };
  await publisher.answer(asked, { reaction: "eyes" });
  expect(github.reactions(commentId).map(({ content }) => content)).toEqual(["eyes"]);
  await publisher.answer(asked, { reaction: "rocket" });
  expect(github.reactions(commentId).map(({ content }) => content)).toEqual(["rocket"]);

  const refusal = { reaction: "-1", text: "`/redeploy` needs write permission." } as const;
  const byMallory = await github.comment({ repo, number, author: "mallory", body: "/redeploy" });
  await publisher.answer({ ...asked, commentId: byMallory }, refusal);
  const before = writes(world).length;
  await publisher.answer({ ...asked, commentId: byMallory }, refusal);
  expect(writes(world)).toHaveLength(before);
  memory.lose();
  await publisher.answer({ ...asked, commentId: byMallory }, refusal);
  const replies = (await github.comments(repo, number)).filter(({ body }) => body.includes("needs write"));
  expect(replies.map(({ body }) => body)).toEqual([`${refusal.text}\n\n<!-- mayfly:answer ${byMallory} -->`]);
});
