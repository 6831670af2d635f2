import { Worker } from "node:worker_threads";
import type { RenderAnswer, RenderTask } from "./app-render-worker.ts";
import { InputError, MayflyError, SourceError } from "./domain/errors.ts";
import type { RenderOutput } from "./render/render.ts";

export type Renderer = AsyncDisposable & { render(task: RenderTask): Promise<RenderOutput> };

/** An honest stack takes 20 to 50 ms. */
const limitMs = 5000;
const memoryMb = 256;

/**
 * Renders beside the event loop: a branch's files are hostile, and one that keeps the reader busy or fills its memory
 * ends that reader, not the gateway. One at a time, on a thread that is kept warm.
 */
export function createRenderer(): Renderer {
  let worker: Worker | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const start = (): Worker => {
    const started = new Worker(new URL("./app-render-worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    started.unref();
    // Nobody asks it anything when it breaks by itself: the next one who asks gets another.
    started.on("error", () => {
      if (worker === started) worker = undefined;
    });
    return started;
  };
  const end = async (): Promise<void> => {
    const ended = worker;
    worker = undefined;
    await ended?.terminate();
  };
  const renderNow = async (task: RenderTask): Promise<RenderOutput> => {
    worker ??= start();
    const answer = await ask(worker, task);
    if (answer === null) {
      await end();
      throw new InputError("yaml-too-large", "the branch's files took too long or too much memory to read");
    }
    if (answer.kind === "rendered") return answer.output;
    throw toError(answer);
  };

  worker = start();
  return {
    render(task) {
      const mine = turn.then(() => renderNow(task));
      turn = mine.catch(() => {
        // Told to whoever asked; the next one is not concerned.
      });
      return mine;
    },
    [Symbol.asyncDispose]: end,
  };
}

/** Null when it did not answer in time, or broke on the way. */
function ask(worker: Worker, task: RenderTask): Promise<RenderAnswer | null> {
  return new Promise((resolve) => {
    const done = (answer: RenderAnswer | null) => {
      clearTimeout(timer);
      worker.off("message", done).off("error", broke).off("exit", broke);
      resolve(answer);
    };
    const broke = () => done(null);
    const timer = setTimeout(broke, limitMs);
    worker.once("message", done).once("error", broke).once("exit", broke);
    worker.postMessage(task);
  });
}

function toError({ name, code, message, hint, place }: Extract<RenderAnswer, { kind: "failed" }>): MayflyError {
  if (name === "InputError") return new InputError(code, message, { hint, place: place ?? undefined });
  return name === "SourceError" ? new SourceError(code, message, { hint }) : new MayflyError(code, message, { hint });
}
