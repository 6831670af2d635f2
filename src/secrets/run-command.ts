import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export type CommandResult = { exitCode: number | null; output: string; said: string; tookTooLong: boolean };

export type CommandOptions = {
  folder: string;
  environment: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
};

/** Nobody's secret is longer, and a command that floods us is ended. */
const mostCharacters = 256 * 1024;

/**
 * Runs an operator's command in a shell, without input, and waits for its end. All it started ends with it. Never
 * throws for what the command does; a shell that is not there rejects.
 */
export async function runCommand(command: string, options: CommandOptions): Promise<CommandResult> {
  // Of its own process group, so that a client that the shell started does not outlive it.
  const child = spawn("/bin/sh", ["-c", command], {
    cwd: options.folder,
    env: options.environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = () => endGroup(child.pid);
  const deadline = AbortSignal.timeout(options.timeoutMs);
  deadline.addEventListener("abort", stop);
  let characters = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      characters += chunk.length;
      if (characters > mostCharacters) stop();
    });
  }
  const exit = Promise.withResolvers<number | null>();
  child.once("error", exit.reject).once("close", exit.resolve);
  try {
    const [exitCode, output, said] = await Promise.all([exit.promise, text(child.stdout), text(child.stderr)]);
    return { exitCode, output, said, tookTooLong: deadline.aborted };
  } finally {
    deadline.removeEventListener("abort", stop);
  }
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // It ended by itself in this moment.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
