import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PreviewView } from "../src/domain/view.ts";
import { openBrowser } from "./browser.ts";
import { createCamera, type Picture } from "./camera.ts";
import type { FileChanges } from "./github-repository.ts";
import { setStage } from "./stage.ts";

// Takes the pictures of docs/pictures anew, of real pages on the demo's stage, in the order of a pull request's life.

const files = resolve(import.meta.dirname, "../examples/guestbook");
const fileOf = (path: string) => readFileSync(resolve(files, path), "utf8");
const author = "ann";
const shown = "acme/guestbook";
const guarded = "acme/ledger";

await using browser = await openBrowser();
await using stage = await setStage({
  users: [author],
  repositories: [
    { name: shown, files, collaborators: { [author]: "admin" } },
    { name: guarded, files, collaborators: { [author]: "admin" }, private: true },
  ],
});
const { github, mayfly } = stage;
const take = createCamera(browser, resolve(import.meta.dirname, "../docs/pictures"));
const takeBoth = (picture: Picture) =>
  Promise.all([take(picture), take({ ...picture, name: `${picture.name}-phone`, on: "phone" })]);
const dockerfile = fileOf("web/Dockerfile");

// Slow where people shall be seen waiting, and only there.
const sale = await open(shown, "Announce the sale", {
  "web/announcement.txt": "Signed books are for sale at the desk.\n",
  "web/Dockerfile": dockerfile.replace("COPY . .", "COPY . .\nRUN sleep 6"),
});
const { link } = await seen(sale, ({ newest }) => newest?.phase === "building");
await takeBoth({ name: "building", link, shows: /^3\.\d s/ });
await seen(sale, ({ phase }) => phase === "ready");
await push(shown, "Announce the sale", {
  "web/announcement.txt": "Signed books are for sale at the desk, 12 each.\n",
  "web/Dockerfile": dockerfile,
});
await seen(sale, ({ newest }) => newest?.generation === 2 && newest.phase === "ready");
await take({ name: "preview", link, shows: "12 each" });
await take({ name: "pull-request", link: `${github.url}/${shown}/pull/1`, shows: "is ready at" });

const proxy = await open(shown, "Put a proxy in front", {
  ".mayfly.yaml": `${fileOf(".mayfly.yaml")}ready: { timeout: 8s }\n`,
  "web/server.js": fileOf("web/server.js").replaceAll("0.0.0.0", "127.0.0.1"),
});
const failed = await seen(proxy, ({ phase }) => phase === "failed");
await takeBoth({ name: "failed", link: failed.link, shows: "listens on 127.0.0.1" });
await take({ name: "pull-request-failed", link: `${github.url}/${shown}/pull/2`, shows: "listens on 127.0.0.1" });

const season = await open(guarded, "Open the season", {
  "web/announcement.txt": "The season begins at Easter.\n",
  "web/Dockerfile": dockerfile.replace('"node", "server.js"', '"sh", "-c", "sleep 4; exec node server.js"'),
});
const ready = await seen(season, ({ phase }) => phase === "ready");
await takeBoth({ name: "link", link: ready.url, shows: "opens with its link" });
await mayfly.api(`/api/previews/${season}/sleep`, { method: "POST" });
await seen(season, ({ asleep }) => asleep === "stopped");
await takeBoth({ name: "dashboard", link: mayfly.dashboardLink, shows: sale });
await take({ name: "dashboard-dark", link: mayfly.dashboardLink, shows: sale, dark: true });
const page = mayfly.dashboardLink.replace("/?", `/previews/${sale}?`);
await takeBoth({ name: "dashboard-preview", link: page, shows: "branched in" });
await takeBoth({ name: "waking", link: ready.link, shows: "Waking up" });

/** Resolves to the preview's slug. */
async function open(repo: string, title: string, changes: FileChanges): Promise<string> {
  const head = await push(repo, title, changes);
  const number = await github.openPullRequest({ repo, head, title, author });
  return `${repo.split("/")[1] ?? ""}-pr-${number}`;
}

/** Resolves to the branch, which is named as the pull request. */
async function push(repo: string, title: string, changes: FileChanges): Promise<string> {
  const branch = title.toLowerCase().replaceAll(" ", "-");
  await github.push({ repo, branch, files: changes, author, message: title });
  return branch;
}

async function seen(slug: string, isSo: (view: PreviewView) => boolean): Promise<PreviewView> {
  for (const deadline = performance.now() + 120_000; performance.now() < deadline; await sleep(100)) {
    const view = await mayfly.show(slug);
    if (view !== null && isSo(view)) return view;
  }
  throw new Error(`${slug} did not become what the next picture shows: ${JSON.stringify(await mayfly.show(slug))}`);
}
