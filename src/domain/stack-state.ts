export type ContainerState = "created" | "running" | "paused" | "restarting" | "exited" | "dead" | "removing";

export type ObservedContainer = {
  id: string;
  name: string;
  service: string;
  /** The generation that created it. */
  generation: number;
  specHash: string;
  state: ContainerState;
  exitCode: number | null;
  oomKilled: boolean;
  restartCount: number;
  /** How long it ran before it ended, in milliseconds; null while it runs. */
  ranMs: number | null;
  /** When it was started last, in epoch milliseconds of the engine's host; null where it never was, or nobody tells. */
  startedAt?: number | null;
  /** When it ended, in epoch milliseconds of the engine's host; null while it runs. */
  endedAt: number | null;
  /** Network name on the engine → address in it (empty when stopped). */
  addresses: Record<string, string>;
  /** Volume names on the engine that it mounts. */
  volumes: string[];
};

export type ObservedNetwork = {
  name: string;
  generation: number;
  network: string;
  subnet: string;
  /** It leads nowhere but to its containers. */
  internal: boolean;
};

export type ObservedVolume = {
  name: string;
  volume: string;
  dataKey: string;
  createdAt: number;
  /** The snapshot's volume that lies under it; only a copy-on-write branch has one. */
  snapshot?: string;
  /** The generation whose files it holds, or began to; only a files volume has one. */
  files?: number;
};

/** What the engine says is there for one preview: parsed once, no decisions. */
export type StackState = {
  containers: ObservedContainer[];
  networks: ObservedNetwork[];
  volumes: ObservedVolume[];
};
