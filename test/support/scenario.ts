import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFailed } from "vitest";
import type Docker from "dockerode";
import { connect } from "../../src/engine/docker.ts";
import type { PreviewView } from "../../src/domain/view.ts";
import type { FileChanges } from "../../demo/github-repository.ts";
import { setStage, type Stage, type StageOptions } from "../../demo/stage.ts";
import { eventually } from "./eventually.ts";
import { nothingLeft } from "./nothing-left.ts";

export type Scenario = Stage & {
  docker: Docker;
  /** Opens a pull request whose branch changes these files; resolves to its number. */
  open(action: { branch: string; files: FileChanges; title?: string; author?: string }): Promise<number>;
  push(action: { branch: string; files: FileChanges }): Promise<string>;
  /** Waits until the preview is as asked; fails with how it stood instead. */
  seen(slug: string, check: (view: PreviewView) => boolean, timeoutMs?: number): Promise<PreviewView>;
  /** Waits until the preview serves this commit and nothing newer is under way. */
  serving(slug: string, commit: string, timeoutMs?: number): Promise<PreviewView>;
  /** The one comment of ours; fails when there is none or more than one. */
  comment(number: number): Promise<string>;
  /** Containers, networks and volumes of a preview, as `kind name`. */
  objects(preview?: string): Promise<string[]>;
};

export const repository = "acme/shop";

/** Plays on real parts: a GitHub over HTTP, a git server, Mayfly in a process of its own, and the engine. */
export async function startScenario(
  options: Omit<StageOptions, "users" | "repositories"> & {
    files: string | Record<string, string>;
    private?: boolean;
    /** Other repositories that there are, by `owner/name`; empty. */
    beside?: string[];
  },
): Promise<Scenario> {
  const { files, private: hidden = false, beside = [], ...rest } = options;
  const stage = await setStage({
    users: ["ann", "bob", "mallory"],
    repositories: [
      { name: repository, files, private: hidden, collaborators: { ann: "admin", bob: "push" } },
      ...beside.map((name) => ({ name, files: { "readme.md": name } })),
    ],
    ...rest,
  });
  const { github, mayfly, serverId } = stage;
  const engine = options.config?.["engine"] as { host: string } | undefined;
  const docker = connect(engine?.host ?? "unix:///var/run/docker.sock");

  const push: Scenario["push"] = ({ branch, files: changed }) =>
    github.push({ repo: repository, branch, files: changed, author: "ann" });
  const seen: Scenario["seen"] = (slug, check, timeoutMs = 120_000) =>
    eventually(
      async () => {
        const view = await mayfly.show(slug);
        if (view === null || !check(view)) throw new Error(`${slug} is ${JSON.stringify(view, null, 1)}`);
        return view;
      },
      { timeoutMs },
    );

  return {
    ...stage,
    docker,
    push,
    seen,
    async open({ branch, files: changed, title = "A change", author = "ann" }) {
      await push({ branch, files: changed });
      return github.openPullRequest({ repo: repository, head: branch, title, author });
    },
    serving: (slug, commit, timeoutMs) =>
      seen(
        slug,
        ({ serving, newest }) => serving?.commit === commit && newest?.commit === commit && newest.phase === "ready",
        timeoutMs,
      ),
    async comment(number) {
      const ours = (await github.comments(repository, number)).filter(({ body }) =>
        body.includes("<!-- mayfly:preview"),
      );
      if (ours.length !== 1) throw new Error(`there are ${ours.length} comments of ours`);
      return ours[0]!.body;
    },
    async objects(preview) {
      const label = [
        preview === undefined ? `dev.mayfly.server=${serverId}` : `dev.mayfly.preview=${preview}`,
        `dev.mayfly.server=${serverId}`,
      ];
      const filters = { label };
      const [containers, networks, volumes] = await Promise.all([
        docker.listContainers({ all: true, filters }),
        docker.listNetworks({ filters }),
        docker.listVolumes({ filters }),
      ]);
      return [
        ...containers.map(({ Names }) => `container ${Names[0] ?? ""}`),
        ...networks.map(({ Name }) => `network ${Name}`),
        ...volumes.Volumes.map(({ Name }) => `volume ${Name}`),
      ];
    },
  };
}

/** Ends it, and shows that nothing of it is left on the engine. */
export async function endScenario(scenario: Scenario): Promise<void> {
  await scenario[Symbol.asyncDispose]();
  await nothingLeft(scenario.docker, scenario.serverId);
}

/** Prints the end of Mayfly's log when the test fails: what it did is the first thing one wants to know. */
export function tellOnFailure({ folder }: Pick<Scenario, "folder">): void {
  onTestFailed(() => console.error(readFileSync(join(folder, "mayfly.log"), "utf8").split("\n").slice(-60).join("\n")));
}
