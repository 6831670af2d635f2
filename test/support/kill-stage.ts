import { expect } from "vitest";
import { connect } from "../../src/engine/docker.ts";
import { labels } from "../../src/domain/labels.ts";
import { createEngineProxy, type EngineCall, type EngineProxy, type Fate } from "./engine-proxy.ts";
import { endScenario, type Scenario, startScenario } from "./scenario.ts";

export type KillStage = Scenario & {
  proxy: EngineProxy;
  /** How often Mayfly was killed. */
  kills(): number;
  /** One thing that is done to Mayfly, and waited for until it has ended, while its calls meet their fates. */
  act<End>(fate: (call: EngineCall) => Fate, act: { begin(): Promise<void>; end(): Promise<End> }): Promise<Acted<End>>;
};

export type Acted<End> = { end: End; calls: EngineCall[] };

type StageOptions = Pick<Parameters<typeof startScenario>[0], "files" | "config"> &
  Pick<Parameters<typeof createEngineProxy>[0], "isCall">;

/** Twenty kills in one act, each with a start of Mayfly, on a machine that is busy with other work. */
export const patience = { timeoutMs: 540_000, everyMs: 300 };

/** Mayfly over an engine socket that can kill it around any call; whenever it dies it is started again. */
export async function startKillStage({ isCall, files, config }: StageOptions): Promise<KillStage> {
  let kills = 0;
  let scenario: Scenario | undefined;
  const proxy = await createEngineProxy({
    ...(isCall && { isCall }),
    async kill() {
      kills += 1;
      await scenario?.mayfly.kill();
    },
  });
  scenario = await startScenario({ files, config: { ...config, engine: { host: proxy.host } } });
  const { mayfly } = scenario;
  const over = Promise.withResolvers<"over">();
  const watching = (async () => {
    // A kill may come late and meet a process already dead, or one that is just starting: only its end counts.
    while ((await Promise.race([mayfly.ended(), over.promise])) !== "over") await mayfly.start().catch(() => undefined);
  })();

  return {
    ...scenario,
    // What the test itself asks of the engine is nobody's call.
    docker: connect("unix:///var/run/docker.sock"),
    proxy,
    kills: () => kills,
    async act(fate, { begin, end }) {
      const from = proxy.calls.length;
      proxy.judge(fate);
      await begin();
      const ended = await end();
      proxy.judge(() => "pass");
      return { end: ended, calls: proxy.calls.slice(from) };
    },
    async [Symbol.asyncDispose]() {
      proxy.judge(() => "pass");
      over.resolve("over");
      await watching;
      await endScenario(scenario);
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Each call is made once without an answer; what comes of it is for the next process to find. */
export function onceEach(seen: Set<EngineCall> = new Set()): (call: EngineCall) => Fate {
  return (call) => {
    if (seen.has(call)) return "pass";
    seen.add(call);
    return "kill after";
  };
}

/** Kills at the call of this number alone. */
export function onceAt(index: number, fate: Fate): (call: EngineCall) => Fate {
  let at = 0;
  return () => (at++ === index ? fate : "pass");
}

export async function expectGone({ mayfly, ...scenario }: Scenario, number: number): Promise<void> {
  const view = await mayfly.show(`shop-pr-${number}`);
  expect(view?.phase).toBe("gone");
  expect(await contentsOf(scenario, view!.key)).toEqual([]);
  expect((await scenario.comment(number)).split("\n")[0]).toMatch(/^Gone/);
}

/** What carries the preview's label, each by what makes it what it is. */
export async function contentsOf(
  { docker, serverId }: Pick<Scenario, "docker" | "serverId">,
  key: string,
): Promise<string[]> {
  const filters = { label: [`${labels.server}=${serverId}`, `${labels.preview}=${key}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return [
    ...containers.map(({ Labels, State, NetworkSettings, Mounts }) => {
      const places = Object.keys(NetworkSettings.Networks).toSorted().join(" ");
      const data = Mounts.map((mount) => withoutNonces(mount.Name ?? ""))
        .toSorted()
        .join(" ");
      return `${Labels[labels.service] ?? Labels[labels.kind]} ${State} g${Labels[labels.generation]} in ${places} on ${data}`;
    }),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...volumes.Volumes.map(({ Name }) => `volume ${withoutNonces(Name)}`),
  ].toSorted();
}

/** Names without what differs between two lives of the same: nonces, and keys of snapshots. */
export function withoutNonces(name: string): string {
  return name.replace(/([-_][0-9a-f]{8})+(?=$|\.)/, "");
}
