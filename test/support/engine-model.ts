import { branchParts } from "../../src/domain/naming.ts";
import { EngineError } from "../../src/domain/errors.ts";
import type { ResolvedImage } from "../../src/domain/stack.ts";
import type { ObservedContainer, StackState } from "../../src/domain/stack-state.ts";
import type { ContainerPlan, Step } from "../../src/plan/step.ts";

type Container = {
  name: string;
  /** Null for an anchor. */
  plan: ContainerPlan | null;
  generation: number;
  volumes: string[];
  state: "created" | "running" | "paused" | "exited";
  endedAt: number | null;
  /** Which address it has in each. */
  networks: Map<string, number | null>;
};
type Volume = { volume: string; dataKey: string; seeds: number; half: boolean; snapshot?: string; files?: number };
type Network = { generation: number; network: string; internal: boolean };

/**
 * The engine as far as plans depend on it, in memory: what refuses there refuses here, what succeeds twice there does so
 * here, and what must never happen (two servers on the same files, data seeded twice, half data served) is remembered.
 */
export function createEngineModel(options: {
  /** Services of a generation that end before they are ready. */ fails(plan: ContainerPlan): boolean;
  now(): number;
}) {
  const containers = new Map<string, Container>();
  const volumes = new Map<string, Volume>();
  const networks = new Map<string, Network>();
  const images = new Map<string, ResolvedImage>();
  const broken: string[] = [];

  const handlers: { [Kind in Step["kind"]]?: (step: Extract<Step, { kind: Kind }>) => void } = {
    "create-network": ({ name, generation, network }) => {
      if (!networks.has(name)) networks.set(name, { generation, network: network.name, internal: network.internal });
    },
    "create-volume": ({ name, volume, dataKey }) => {
      if (!volumes.has(name)) volumes.set(name, { volume, dataKey, seeds: 0, half: false });
    },
    branch(step) {
      layVolumes(step);
      layAnchor({ name: step.name, snapshotVolume: step.snapshot.volume, generation: step.generation });
    },
    fill: ({ name, generation }) =>
      void volumes.set(name, { volume: "", dataKey: "", seeds: 0, half: false, files: generation }),
    anchor: (step) => layAnchor(step),
    create({ container: plan }) {
      const found = containers.get(plan.name);
      if (found && found.state !== "created" && found.plan?.specHash === plan.specHash) return;
      for (const { network } of plan.attachments) needed(networks.get(network), `network ${network}`);
      // The engine itself would make a volume that is missing, and nobody would know what is in it.
      for (const name of volumesOf(plan)) needed(volumes.get(name), `volume ${name}`);
      if (plan.files !== undefined && volumes.get(plan.files)?.half) broken.push(`${plan.name} mounts half the files`);
      containers.set(plan.name, {
        name: plan.name,
        plan,
        generation: plan.generation,
        volumes: volumesOf(plan),
        state: "created",
        endedAt: null,
        networks: new Map(plan.attachments.map((each) => [each.network, each.index])),
      });
    },
    start({ container, hasHome }) {
      const found = containerOf(container);
      needed(hasHome === found.plan?.hasHome ? true : undefined, `the home of ${container}`);
      if (found.state === "paused") throw new EngineError("engine-refused", `${container} is paused`);
      for (const [network, index] of found.networks) {
        needed(networks.get(network), `network ${network}`);
        takeAddress(network, index, found);
      }
      found.state = "running";
      for (const name of found.volumes.filter((each) => each !== found.plan?.files)) {
        const users = usersOf(name).filter(isAlive);
        if (users.length > 1) broken.push(`${users.map((each) => each.name).join(" and ")} run on ${name}`);
      }
    },
    join({ container, attachment }) {
      needed(networks.get(attachment.network), `network ${attachment.network}`);
      const found = containerOf(container);
      if (found.networks.has(attachment.network)) return;
      if (isAlive(found)) takeAddress(attachment.network, attachment.index, found);
      found.networks.set(attachment.network, attachment.index);
    },
    leave: ({ container, network }) => void containers.get(container)?.networks.delete(network),
    // Whether it listens is asked of what runs; who waits for it goes on in any case.
    listen: ({ readiness }) => void containerOf(readiness.container),
    await({ readiness }) {
      const found = containerOf(readiness.container);
      if (found.state === "running" && found.plan && !options.fails(found.plan)) return;
      end(found);
      const { name } = readiness.service;
      throw new EngineError("service-exited", `${name} exited with code 3`, { service: name });
    },
    seed({ container, seed }) {
      const name = containerOf(container).plan?.volumes[seed.volume] ?? "";
      const volume = needed(volumes.get(name), `volume ${name}`);
      if (volume.half) broken.push(`${name} is seeded upon a half-done seed`);
      if (volume.seeds++ > 0) broken.push(`${name} is seeded twice`);
    },
    stop({ container }) {
      const found = containers.get(container);
      if (found && isAlive(found)) end(found);
    },
    pause({ container }) {
      const found = containerOf(container);
      if (found.state === "running") found.state = "paused";
    },
    unpause({ container }) {
      const found = containerOf(container);
      if (found.state === "exited") throw new EngineError("engine-refused", `${container} is not running`);
      if (found.state === "paused") found.state = "running";
    },
    remove: ({ container }) => void containers.delete(container),
    "remove-network"({ name }) {
      for (const each of containers.values()) each.networks.delete(name);
      networks.delete(name);
    },
    "remove-volume"({ name }) {
      if (usersOf(name).length > 0)
        throw new EngineError("engine-refused", `volume ${name} is in use`, { retry: "backoff" });
      volumes.delete(name);
    },
  };

  function end(container: Container): void {
    container.state = "exited";
    container.endedAt = options.now();
  }

  /** The parts of a copy-on-write branch, without what holds them. */
  function layVolumes({ name, volume, dataKey, snapshot }: Extract<Step, { kind: "branch" }>): void {
    const { upper, work } = branchParts(name);
    for (const part of [upper, work]) volumes.set(part, { volume: "", dataKey: "", seeds: 0, half: false });
    volumes.set(name, { volume, dataKey, seeds: 1, half: false, snapshot: snapshot.volume });
  }

  function layAnchor(about: { name: string; snapshotVolume: string; generation: number }): void {
    const { anchor: name, upper, work } = branchParts(about.name);
    for (const part of [about.name, upper, work]) needed(volumes.get(part), `volume ${part}`);
    const held = [about.snapshotVolume, upper, work, about.name];
    const { generation } = about;
    containers.set(name, {
      name,
      plan: null,
      generation,
      volumes: held,
      state: "created",
      endedAt: null,
      networks: new Map(),
    });
  }

  function volumesOf({ volumes: data, files }: ContainerPlan): string[] {
    return [...Object.values(data), ...(files === undefined ? [] : [files])];
  }

  function usersOf(volume: string): Container[] {
    return [...containers.values()].filter((each) => each.volumes.includes(volume));
  }

  /** Only what runs holds its address. */
  function takeAddress(network: string, index: number | null, who: Container): void {
    const taken = [...containers.values()].some(
      (each) => each !== who && index !== null && isAlive(each) && each.networks.get(network) === index,
    );
    if (taken) throw new EngineError("engine-refused", `address ${index} of ${network} is in use`);
  }

  function containerOf(name: string): Container {
    return needed(containers.get(name), `container ${name}`);
  }

  function toObserved({
    name,
    plan,
    generation,
    state,
    endedAt,
    networks: joined,
    volumes: mounted,
  }: Container): ObservedContainer {
    const running = state === "running" || state === "paused";
    return {
      id: name,
      name,
      service: plan?.service.name ?? "",
      generation,
      specHash: plan?.specHash ?? "",
      state,
      exitCode: state === "exited" ? 3 : null,
      oomKilled: false,
      restartCount: 0,
      ranMs: state === "exited" ? 500 : null,
      endedAt: state === "exited" ? endedAt : null,
      addresses: Object.fromEntries(
        [...joined.keys()].map((network) => [network, running ? `${network}/${name}` : ""]),
      ),
      volumes: mounted,
    };
  }

  return {
    images,
    /** By its name, or by its id. */
    findImage: (name: string): ResolvedImage | null =>
      images.get(name) ?? [...images.values()].find(({ id }) => id === name) ?? null,
    /** Somebody removes an image. */
    forgetImage(gone: string): void {
      for (const [name, { id }] of images) if (id === gone) images.delete(name);
    },
    /** What must never have happened, in words. */
    broken,
    run(step: Step): void {
      const handle = handlers[step.kind] as ((step: Step) => void) | undefined;
      // It would count as the end of an attempt like any other.
      if (!handle) broken.push(`the engine model does not know how to ${step.kind}: add it to the model`);
      handle?.(step);
    },
    check(step: Extract<Step, { kind: "check" }>): void {
      const { name, service } = step.container;
      handlers.create?.({ ...step, kind: "create" });
      handlers.start?.({ ...step, kind: "start", container: name, service: service.name });
    },
    isGone: (name: string): boolean => !containers.has(name),
    /** The first half of a step, where there is one: what a kill in its middle leaves. */
    runHalf(step: Step): void {
      if (step.kind === "branch") layVolumes(step);
      if (step.kind === "fill")
        volumes.set(step.name, { volume: "", dataKey: "", seeds: 0, half: true, files: step.generation });
      if (step.kind === "check") handlers.create?.({ ...step, kind: "create" });
      if (step.kind !== "seed") return;
      const name = containerOf(step.container).plan?.volumes[step.seed.volume] ?? "";
      const volume = volumes.get(name);
      if (volume) volume.half = true;
    },
    /** A service ends by itself. */
    crash(service: string): void {
      for (const each of containers.values()) if (each.plan?.service.name === service && isAlive(each)) end(each);
    },
    /** Everything ends with it, as when its host starts again. */
    reboot(): void {
      for (const each of containers.values()) if (isAlive(each)) end(each);
    },
    /** Somebody removes every container that does not run. */
    prune(): void {
      for (const { name, state } of containers.values())
        if (state !== "running" && state !== "paused") containers.delete(name);
    },
    observe: (): StackState => ({
      containers: [...containers.values()].map(toObserved),
      networks: [...networks].map(([name, network]) => ({ name, ...network, subnet: "" })),
      volumes: [...volumes].map(([name, { volume, dataKey, snapshot, files }]) => ({
        name,
        volume,
        dataKey,
        createdAt: 0,
        ...(snapshot !== undefined && { snapshot }),
        ...(files !== undefined && { files }),
      })),
    }),
    /** Everything that is there, in words that two runs share: volumes' nonces are left out. */
    summary(): string[] {
      const plain = (name: string) => name.replace(/_n\d+(?=$|\.)/, "");
      return [
        ...[...containers.values()].map(({ name, plan, state, networks: joined, volumes: mounted }) => {
          const what = plan ? `${plan.service.name} g${plan.generation} of ${plan.imageId}` : plain(name);
          return `${state} ${what} in ${[...joined.keys()].toSorted().join(" ")} on ${mounted.map(plain).join(" ")}`;
        }),
        ...[...networks].map(([name, { internal }]) => (internal ? `${name}, leading nowhere` : name)),
        ...[...volumes].map(
          ([name, each]) => `${plain(name)} ${each.dataKey}, seeded ${each.seeds} times${each.half ? ", half" : ""}`,
        ),
      ].toSorted();
    },
  };
}

function isAlive({ state }: Container): boolean {
  return state === "running" || state === "paused";
}

function needed<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new EngineError("engine-refused", `${what} is not there`, { retry: "backoff" });
  return found;
}
