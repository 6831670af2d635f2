import type Docker from "dockerode";
import type { Clock } from "../domain/time.ts";

/** Bytes of each volume on the engine, by name, as they were a moment ago. Throws EngineError. */
export type VolumeUsage = () => Promise<ReadonlyMap<string, number>>;

/** The engine counts every file of every volume: 0.2 s for a hundred databases, and nobody needs it fresher. */
const keptMs = 30_000;

/** Asks the engine what its volumes take (Engine API, `GET /system/df`), at most once in half a minute. */
export function createVolumeUsage({ docker, clock }: { docker: Docker; clock: Pick<Clock, "now"> }): VolumeUsage {
  let kept: { at: number; bytes: Promise<ReadonlyMap<string, number>> } | undefined;
  return () => {
    if (kept !== undefined && clock.now() - kept.at < keptMs) return kept.bytes;
    const bytes = ask(docker);
    kept = { at: clock.now(), bytes };
    bytes.catch(() => {
      // Told to whoever waits for it; the next one asks again.
      kept = undefined;
    });
    return bytes;
  };
}

type Answer = { Volumes?: { Name: string; UsageData?: { Size: number } }[] | null };

/** The library's own call cannot ask for volumes alone. */
async function ask({ modem }: Docker): Promise<ReadonlyMap<string, number>> {
  const call = {
    path: "/system/df?",
    method: "GET",
    options: { _query: { type: "volume" }, _body: {} },
    statusCodes: { 200: true, 500: "server error" },
  };
  const { Volumes } = await new Promise<Answer>((resolve, reject) => {
    modem.dial(call, (error: unknown, answer) => (error ? reject(error) : resolve(answer as Answer)));
  });
  // -1 is the engine's "not known".
  const known = (Volumes ?? []).filter(({ UsageData }) => (UsageData?.Size ?? -1) >= 0);
  return new Map(known.map(({ Name, UsageData }) => [Name, UsageData?.Size ?? 0]));
}
