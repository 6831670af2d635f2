import type { Stage } from "../demo/stage.ts";
import { pause } from "./machine.ts";
import type { Trouble } from "./soak-faults.ts";

export type Sample = { closed: number; residentBytes: number; descriptors: number; up: number; asleep: number };

/** Reads Mayfly's own metrics every two seconds. */
export async function follow(
  watched: Pick<Trouble, "progress" | "signal"> & { stage: Stage; samples: Sample[] },
): Promise<void> {
  const { stage, samples, progress, signal } = watched;
  while (!signal.aborted) {
    await pause(2000, signal);
    // Killed at this moment: the next sample tells.
    const sample = await read(stage).catch(() => null);
    if (sample) samples.push({ closed: progress.closed, ...sample });
    console.error(
      `${progress.closed} of ${progress.pulls} closed, ${sample?.up ?? "?"} up, ${sample?.asleep ?? "?"} asleep`,
    );
  }
}

async function read({ mayfly }: Stage): Promise<Omit<Sample, "closed">> {
  const headers = { authorization: `Bearer ${mayfly.token}` };
  const { status, body } = await mayfly.visit(`${mayfly.url}/metrics`, { headers });
  if (status !== 200) throw new Error(`/metrics answered ${status}`);
  const value = (name: string) =>
    Number(
      body
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1],
    );
  return {
    residentBytes: value("process_resident_memory_bytes"),
    descriptors: value("process_open_fds"),
    up: value('mayfly_previews{phase="ready"}'),
    asleep: value('mayfly_previews{phase="asleep"}'),
  };
}
