import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export type Execution = {
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** It is ended when it answers more than this. */
  readonly mostBytes: number;
};

export type Ended = {
  readonly exitCode: number | null;
  readonly output: string;
  readonly said: string;
  readonly isTooLong: boolean;
};

/** Ends when git and all it started have ended: an aborted one must not go on writing into the mirror. Rejects when it cannot be started. */
export async function runGit({ args, folder, environment, mostBytes }: Execution, signal: AbortSignal): Promise<Ended> {
  // Of its own process group, because a git that is killed alone leaves its HTTP helper behind.
  const child = spawn("git", args, {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = () => stopGroup(child.pid);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytes) stop();
  });
  const exit = Promise.withResolvers<number | null>();
  child.once("error", exit.reject).once("close", exit.resolve);
  try {
    const [exitCode, output, said] = await Promise.all([exit.promise, text(child.stdout), text(child.stderr)]);
    return { exitCode, output, said, isTooLong: bytes > mostBytes };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function stopGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGTERM");
  } catch (error) {
    // It ended by itself in this moment.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
