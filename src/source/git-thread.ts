import { Worker } from "node:worker_threads";
import type { Ended, Execution } from "./git-process.ts";
import type { GitAnswer, GitTask } from "./git-worker.ts";

/** Runs git once. Rejects when it cannot be started; an aborted one answers when it has ended. */
export type RunGit = (execution: Execution, signal: AbortSignal) => Promise<Ended>;

/**
 * Runs git from a thread of its own: whoever starts a program stands still until the kernel has begun it, which took 2 to 150 ms on a
 * machine that deploys (ADR 38), and the gateway's event loop must not. The thread starts with the first run, and holds no process open.
 */
export function createGitThread(): RunGit {
  let worker: Worker | undefined;
  let lastId = 0;
  const waiting = new Map<number, PromiseWithResolvers<Ended>>();

  function start(): Worker {
    const started = new Worker(new URL("./git-worker.ts", import.meta.url));
    started.on("message", (answer: GitAnswer) => {
      const one = settle(answer.id);
      if ("ended" in answer) one?.resolve(answer.ended);
      else one?.reject(answer.error);
    });
    started.on("error", (error) => {
      if (worker === started) worker = undefined;
      for (const id of waiting.keys()) settle(id)?.reject(error);
    });
    return started;
  }

  function settle(id: number): PromiseWithResolvers<Ended> | undefined {
    const one = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker?.unref();
    return one;
  }

  return async (execution, signal) => {
    worker ??= start();
    const id = ++lastId;
    const one = Promise.withResolvers<Ended>();
    waiting.set(id, one);
    worker.ref();
    const tell = (task: GitTask): void => worker?.postMessage(task);
    const stop = (): void => tell({ id });
    tell({ id, execution });
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      return await one.promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };
}
