import type { BuildSettings, NamedContext } from "../domain/stack.ts";
import type { BuildInput } from "./build-run.ts";

/**
 * What is asked of BuildKit's Dockerfile frontend (moby/buildkit, frontend/dockerui/config.go), but for the contexts
 * that are sent.
 */
export function attributesOf(input: BuildInput): Record<string, string> {
  const { build, context, labels, cacheNamespace, gifts, group } = input;
  const { settings = {} } = build;
  // Asked for anew, an image of the stack would be looked for at a registry.
  const isOnOwnImage = build.contexts?.some(({ kind }) => kind === "build") ?? false;
  const args = {
    ...build.args,
    BUILDKIT_CACHE_MOUNT_NS: cacheNamespace,
    // Part of what a step is known by in the cache, as secrets are not: what one made with them no other's build is given.
    BUILDKIT_SANDBOX_HOSTNAME: cacheNamespace,
  };
  return {
    filename: context.dockerfile,
    // What a `syntax` line names has been started already, as far as BuildKit knows: the engine's own frontend reads the
    // file. An older one would know neither the group that limits the build nor that it has no network.
    cmdline: "docker/dockerfile",
    ...prefixed("build-arg:", args),
    ...prefixed("label:", labels),
    ...prefixed("context:", Object.fromEntries((build.contexts ?? []).flatMap(imageContext))),
    ...(build.target !== null && { target: build.target }),
    "image-resolve-mode": gifts.anew || (settings.pull && !isOnOwnImage) ? "pull" : "default",
    ...(group && { "cgroup-parent": group.path }),
    ...((input.isOffline || settings.offline) && { "force-network-mode": "none" }),
    ...runAttributes(settings),
  };
}

function runAttributes({ noCache, shmSizeBytes, hosts, ulimits }: BuildSettings): Record<string, string> {
  return {
    ...(noCache && { "no-cache": "" }),
    ...(shmSizeBytes !== undefined && { "shm-size": String(shmSizeBytes) }),
    ...(hosts && { "add-hosts": hosts.join(",") }),
    ...(ulimits && { ulimit: ulimits.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`).join(",") }),
  };
}

function imageContext(context: NamedContext): [string, string][] {
  if (context.kind === "path") return [];
  const reference = context.kind === "image" ? context.reference : (context.tag ?? "");
  return [[context.name, `docker-image://${reference}`]];
}

function prefixed(prefix: string, entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [`${prefix}${name}`, value]));
}
