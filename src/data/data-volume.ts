import type Docker from "dockerode";
import { EngineError } from "../domain/errors.ts";
import { labels } from "../domain/labels.ts";
import { allow } from "../engine/docker.ts";

/** Makes a volume and answers where it lies; one of that name that carries the same labels is kept. Throws EngineError. */
export async function ensureVolume(
  docker: Docker,
  volume: { name: string; labels: Record<string, string>; options?: Record<string, string> },
): Promise<string> {
  const found = await allow(docker.getVolume(volume.name).inspect(), 404);
  if (found) {
    const isOurs = [labels.server, labels.preview].every((label) => found.Labels?.[label] === volume.labels[label]);
    if (isOurs) return found.Mountpoint;
    throw new EngineError("engine-refused", `volume ${volume.name} is there already, and is not ours`, {
      hint: "Rename or remove it; Mayfly touches only what carries its own label.",
    });
  }
  await docker.createVolume({
    Name: volume.name,
    Driver: "local",
    Labels: volume.labels,
    ...(volume.options && { DriverOpts: volume.options }),
  });
  return (await docker.getVolume(volume.name).inspect()).Mountpoint;
}

/** The engine's options of a volume that shows `lower` and writes what changes to `upper` (Linux overlayfs). */
export function overlayOptions(at: { lower: string; upper: string; work: string }): Record<string, string> {
  return { type: "overlay", device: "overlay", o: `lowerdir=${at.lower},upperdir=${at.upper},workdir=${at.work}` };
}
