import { parentPort } from "node:worker_threads";
import { type Ended, type Execution, runGit } from "./git-process.ts";

/** What the thread is told: a program to run, or (without one) that a run is to end. */
export type GitTask = { readonly id: number; readonly execution?: Execution };

export type GitAnswer = { readonly id: number } & ({ readonly ended: Ended } | { readonly error: Error });

const running = new Map<number, AbortController>();

parentPort?.on("message", ({ id, execution }: GitTask) => {
  if (execution === undefined) running.get(id)?.abort();
  else void run(id, execution);
});

async function run(id: number, execution: Execution): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const answer = await runGit(execution, controller.signal).then(
    (ended): GitAnswer => ({ id, ended }),
    (error: Error): GitAnswer => ({ id, error }),
  );
  running.delete(id);
  parentPort?.postMessage(answer);
}
