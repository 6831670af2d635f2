import { expect, test } from "vitest";
import type { Finding } from "../../src/domain/errors.ts";
import type { WishReason } from "../../src/domain/preview.ts";
import { report } from "../../src/feedback/report.ts";
import { attempt, commits, failure, now, pull, type Story, tell } from "./facts.ts";

const host = "shop-pr-42.preview.localhost";
const name = `**[${host}](https://${host})**`;
const commit = (sha: string) => `[\`${sha.slice(0, 7)}\`](https://github.test/acme/shop/commit/${sha})`;
const [first, second] = [commit(commits.first), commit(commits.second)];
const finding: Finding = {
  file: "compose.yaml",
  line: 31,
  column: 7,
  action: "rewrite",
  code: "ports-dropped",
  message: "`ports: 8080:80` is not published in previews",
  hint: "",
};

const failed = attempt(2, { phase: "failed", failure: failure() });
const building = attempt(2, { phase: "building", stack: null });
const absent = (reason: WishReason): Story => ({
  spec: { wanted: "absent", reason },
  deployments: [attempt(1)],
});

test.each<[string, Story, string, string]>([
  ["ready", { deployments: [attempt(1)] }, `${name} is ready at ${first}, in 11 s.`, "success"],
  [
    "serving, newest failed",
    { deployments: [attempt(1), failed] },
    `${name} serves ${first}. The newest commit ${second} failed: \`api\` listens on 127.0.0.1:4000, not on 0.0.0.0:4000.`,
    "failure",
  ],
  [
    "serving, the same commit failed again",
    { deployments: [attempt(1), attempt(2, { ...failed, commit: commits.first })] },
    `${name} serves ${first}. The newest attempt failed: \`api\` listens on 127.0.0.1:4000, not on 0.0.0.0:4000.`,
    "failure",
  ],
  [
    "nothing serves, newest failed",
    { deployments: [failed] },
    `${second} failed, and nothing is up: \`api\` listens on 127.0.0.1:4000, not on 0.0.0.0:4000.`,
    "failure",
  ],
  [
    "the host failed",
    {
      deployments: [
        attempt(2, { phase: "failed", failure: failure({ code: "engine-unreachable", what: "the engine is down" }) }),
      ],
    },
    `${second} failed, and nothing is up: the engine is down.`,
    "error",
  ],
  [
    "building while the old one serves",
    { deployments: [attempt(1), building], timeline: [{ name: "build web" }] },
    `Building ${second} (\`web\`, 40 s so far). ${name} still serves ${first}.`,
    "pending",
  ],
  [
    "building several",
    {
      deployments: [building],
      timeline: [
        { name: "build web" },
        { name: "build api", startedAt: now - 3000 },
        { name: "build old", outcome: "done" },
      ],
    },
    `Building ${second} (\`web\`, 40 s so far; \`api\`) for ${name}.`,
    "pending",
  ],
  [
    "the same commit again",
    { deployments: [attempt(1), attempt(2, { phase: "building", commit: commits.first })] },
    `Building ${first} again. ${name} still serves ${first}.`,
    "pending",
  ],
  [
    "starting",
    { deployments: [attempt(1, { phase: "starting" })], timeline: [{ name: "await db", startedAt: now - 1000 }] },
    `Starting ${first} (\`db\`) for ${name}.`,
    "pending",
  ],
  [
    "preparing",
    { deployments: [attempt(1, { phase: "pending" })], timeline: [{ name: "fetch" }] },
    `Preparing ${first} for ${name}.`,
    "pending",
  ],
  [
    "trying again",
    { deployments: [attempt(1, { phase: "pending", stalledFor: "image a:1 could not be pulled" })] },
    `Preparing ${first} for ${name}. image a:1 could not be pulled; it is tried again.`,
    "pending",
  ],
  ["not begun", { spec: { generation: 1 } }, `Waiting to deploy ${first}.`, "pending"],
  [
    "without a place",
    { spec: { generation: 1 }, queue: { place: 2, of: 3, up: 20, max: 20, limit: "server" } },
    "Waiting: 2nd in the queue of 3; 20 of 20 previews are up.",
    "pending",
  ],
  [
    "a newer wish, not begun",
    { spec: { generation: 2, pull: pull({ headCommit: commits.second }) }, deployments: [attempt(1)] },
    `Waiting to deploy ${second}. ${name} still serves ${first}.`,
    "pending",
  ],
  [
    "overtaken",
    { deployments: [attempt(1), attempt(2, { phase: "superseded" })] },
    `Waiting to deploy ${second}. ${name} still serves ${first}.`,
    "pending",
  ],
  [
    "a newer wish after a failure",
    { spec: { generation: 3, pull: pull({ headCommit: commits.first }) }, deployments: [failed] },
    `Waiting to deploy ${first}.`,
    "pending",
  ],
  [
    "a fork",
    { spec: { wanted: "blocked", reason: "fork" } },
    `Not started: this pull request comes from a fork. Someone with write access can run this commit with \`/allow ${commits.first.slice(0, 12)}\`.`,
    "pending",
  ],
  ["being removed", absent("merged"), "Being removed: the pull request was merged.", "success"],
  ["merged", { ...absent("merged"), goneAt: now }, "Gone since the merge (lived 2 days).", "success"],
  ["closed", { ...absent("closed"), goneAt: now }, "Gone since the pull request was closed (lived 2 days).", "success"],
  [
    "destroyed",
    { ...absent("destroyed"), goneAt: now },
    "Gone: destroyed on request (lived 2 days). `/deploy` brings it back.",
    "success",
  ],
  [
    "destroyed while building",
    { ...absent("destroyed"), deployments: [building], goneAt: now },
    "Gone: destroyed on request (lived 2 days). `/deploy` brings it back.",
    "error",
  ],
  [
    "repository gone",
    { ...absent("repository-gone"), goneAt: now },
    "Gone: the repository or pull request is gone, or the token may not read it (lived 2 days).",
    "success",
  ],
  [
    "no longer wanted",
    { ...absent("draft"), goneAt: now },
    "Gone: the pull request is a draft (lived 2 days). `/deploy` brings it back.",
    "success",
  ],
  [
    "not used",
    { ...absent("expired"), visitedAt: now - 3 * 86_400_000, goneAt: now },
    "Gone: not used for 3 days. `/deploy` brings it back.",
    "success",
  ],
  [
    "never wanted",
    { spec: { wanted: "absent", reason: "label", detail: "preview", generation: 0 } },
    'Not started: the pull request does not have the label "preview".',
    "success",
  ],
])("%s: the first line alone is enough", (_case, story, line, state) => {
  const { comment, status } = report(...tell(story));
  expect(comment.split("\n")[0]).toBe(line);
  expect(comment.split("\n").at(-1)).toBe("<!-- mayfly:preview 7-42 -->");
  expect(status?.state).toBe(state);
  expect(comment.includes("is ready")).toBe(
    state === "success" && story.goneAt === undefined && story.spec === undefined,
  );
  expect(comment.replaceAll("<!--", "")).not.toMatch(/!|\p{Emoji_Presentation}/u);
});

test("of a fork's preview, what it does not get is said", () => {
  const { comment } = report(...tell({ spec: { pull: pull({ headRepositoryId: 8 }) }, deployments: [attempt(1)] }));
  expect(comment).toContain("From a fork: it gets no secrets, and reaches nothing beyond its own services.");
  expect(report(...tell({ deployments: [attempt(1)] })).comment).not.toContain("fork");
});

test("of a guarded preview, every link on the pull request lets its reader in", () => {
  const ready = attempt(1);
  const [route] = ready.stack?.routes ?? [];
  if (route !== undefined) ready.stack?.routes.push({ ...route, service: "api", host: `api-${host}`, main: false });
  const { comment, status, deployments } = report(...tell({ deployments: [ready], key: "/.mayfly/open/0-0-.abc" }));
  expect(comment).toContain(`**[${host}](https://${host}/.mayfly/open/0-0-.abc)** is ready`);
  expect(comment).toContain(`[\`api\`](https://api-${host}/.mayfly/open/0-0-.abc)`);
  expect(status?.targetUrl).toBe(`https://${host}/.mayfly/open/0-0-.abc`);
  expect(deployments[0]?.url).toBe(`https://${host}/.mayfly/open/0-0-.abc`);
});

test.each<[string, Story, boolean, string | undefined]>([
  [
    "was never wanted",
    { spec: { wanted: "absent", reason: "paths", detail: "apps/**", generation: 0 }, goneAt: now },
    false,
    "Nothing to be done: the pull request changes nothing of apps/**",
  ],
  [
    "is wanted no more",
    { ...absent("skipped"), goneAt: now },
    false,
    "Nothing to be done: its title says [skip preview]",
  ],
  [
    "keeps what serves after a push",
    {
      spec: {
        pull: pull({ headCommit: commits.second }),
        commit: commits.first,
        touched: { paths: ["apps/**"], any: true },
      },
      deployments: [attempt(1)],
    },
    true,
    "Nothing to be done: this push changes nothing of apps/**; abc1234 stays",
  ],
  ["is up", { deployments: [attempt(1)] }, true, "Ready in 11 s"],
])(
  "what %s says so in the commit status, and in a first comment only if there is news",
  (_case, story, isNews, text) => {
    const told = report(...tell(story));
    expect(told.isNews).toBe(isNews);
    expect(told.status).toMatchObject({ state: "success", description: text });
  },
);

const hourMs = 3_600_000;
test.each<[string, Story, string]>([
  ["long before its end", { visitedAt: now - hourMs }, "nothing"],
  ["a day before", { visitedAt: now - 61 * hourMs }, "It goes at 2023-11-15 09:13 UTC, with its data, unless"],
  ["pinned", { visitedAt: now - 61 * hourMs, spec: { pinned: true } }, "Pinned: it is kept until the pull request is"],
  ["extended", { visitedAt: now, spec: { keptUntil: now + 96 * hourMs } }, "Kept until 2023-11-18 22:13 UTC at least."],
])("%s, the comment says how long it stays only where there is something to say", (_case, story, line) => {
  const { comment } = report(...tell({ deployments: [attempt(1)], ...story }));
  const said = comment.split("\n").find((each) => /^(It goes|Pinned|Kept)/.test(each)) ?? "nothing";
  expect(said).toContain(line);
});

test("only a preview whose phase is ready is called ready", () => {
  const { comment, status } = report(...tell({ spec: { reason: "unread" }, deployments: [attempt(1)] }));
  expect(comment.split("\n")[0]).toBe(`Checking ${name}.`);
  expect(status?.state).toBe("pending");
});

test("a preview that nobody has read yet says nothing of a commit", () => {
  const { comment, status } = report(...tell({ spec: { pull: null, reason: "unread", generation: 0 } }));
  expect(comment.split("\n")[0]).toBe("Waiting.");
  expect(status).toBeNull();
});

test("a ready preview tells its other routes, services, findings, data and verbs, in this order", () => {
  const ready = attempt(2, { findings: [finding] });
  ready.stack?.routes.push({
    service: "api",
    port: 4000,
    host: `shop-pr-42--api.preview.localhost`,
    path: null,
    health: null,
    main: false,
  });
  const { comment } = report(...tell({ deployments: [attempt(1), ready] }));
  expect(comment).toBe(`${name} is ready at ${second}, in 11 s.

Also: [\`api\`](https://shop-pr-42--api.preview.localhost)

| Service | Change |
| --- | --- |
| \`db\` | kept, with its data |
| \`web\` | rebuilt |

<details><summary>1 note on the Compose file</summary>

- [\`compose.yaml:31\`](https://github.test/acme/shop/blob/${commits.second}/compose.yaml#L31) \`ports: 8080:80\` is not published in previews

</details>

Data: db seeded from db/seed.sql.

Say \`/redeploy\`, \`/reset\`, \`/rollback\`, \`/pin\`, \`/logs\`, \`/destroy\` in a comment; \`/help\` tells what there is.

<!-- mayfly:preview 7-42 -->`);
});

test("a failure tells where and what now under what it is, with the last lines and a link to the whole log of a build", () => {
  const logTail = Array.from({ length: 25 }, (_, index) => `line ${index} password=hunter22`);
  const broken = attempt(2, {
    phase: "failed",
    findings: [finding],
    failure: failure({ code: "build-failed", where: "compose.yaml:31:7", logTail }),
  });
  const { comment } = report(...tell({ deployments: [attempt(1), broken] }));
  const masked = logTail.slice(-20).map((line) => line.replace("hunter22", "***"));
  expect(comment.split("\n").slice(2, -4).join("\n")).toBe(`- **Where:** \`compose.yaml:31:7\`, service \`api\`
- **What now:** Let it listen on 0.0.0.0.

<details><summary>1 note on the Compose file</summary>

- [\`compose.yaml:31\`](https://github.test/acme/shop/blob/${commits.second}/compose.yaml#L31) \`ports: 8080:80\` is not published in previews

</details>

Data: db seeded from db/seed.sql.

<details><summary>Last 20 lines of <code>api</code></summary>

\`\`\`text
${masked.join("\n")}
\`\`\`

</details>

[The whole log](https://mayfly.test/previews/shop-pr-42?service=@build#logs) is on the preview's page.`);
});

test("of a refusal, each place is told once with what to do, and nothing of what was only changed", () => {
  const refused = { ...finding, action: "refuse" as const, hint: "Leave it out: `services: { proxy: drop }`." };
  const what = "compose.yaml:31:7 `ports: 8080:80` is not published in previews";
  const broken = attempt(1, {
    phase: "failed",
    findings: [finding],
    failure: failure({ code: "policy-refused", what, service: null, now: refused.hint, findings: [finding, refused] }),
  });
  const { comment } = report(...tell({ deployments: [broken] }));
  expect(comment).toBe(`${first} failed, and nothing is up: ${what.replaceAll("_", "\\_")}.

- [\`compose.yaml:31\`](https://github.test/acme/shop/blob/${commits.first}/compose.yaml#L31) \`ports: 8080:80\` is not published in previews. Leave it out: \`services: { proxy: drop }\`.

Say \`/redeploy\`, \`/destroy\` in a comment; \`/help\` tells what there is.

<!-- mayfly:preview 7-42 -->`);
});

test("a reason too long for the first line is told whole under it", () => {
  const broken = attempt(1, { phase: "failed", failure: failure({ what: "so it is, ".repeat(30) }) });
  const [line = "", , what] = report(...tell({ deployments: [broken] })).comment.split("\n");
  expect(line).toMatch(/…$/);
  expect(what).toBe(`- **What:** ${"so it is, ".repeat(30).trimEnd()}`);
});
