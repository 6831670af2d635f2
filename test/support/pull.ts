import { type Preview, type PullRequest, unread } from "../../src/domain/preview.ts";

/** An open pull request of the team's, unless the test says otherwise. */
export function pullRequest(more: Partial<PullRequest> = {}): PullRequest {
  return {
    repositoryId: 7,
    repository: "acme/shop",
    private: false,
    number: 42,
    title: "Cart",
    author: "ann",
    open: true,
    merged: false,
    draft: false,
    headCommit: "a".repeat(40),
    headRef: "cart",
    headRepositoryId: 7,
    baseRef: "main",
    labels: [],
    ...more,
  };
}

/** The preview of that pull request, which was heard of and not read yet, unless the test says otherwise. */
export function previewOf(more: Partial<Preview> = {}): Preview {
  return {
    key: "7-42",
    slug: "shop-pr-42",
    repositoryId: 7,
    repository: "acme/shop",
    number: 42,
    spec: unread,
    revision: 0,
    createdAt: 0,
    goneAt: null,
    visitedAt: null,
    admittedAt: null,
    allowed: [],
    ...more,
  };
}
