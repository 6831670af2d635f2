/** Every label we write or read. What carries which: `docs/reference/labels.md`, checked against this table. */
export const labels = {
  server: "dev.mayfly.server",
  preview: "dev.mayfly.preview",
  generation: "dev.mayfly.generation",
  service: "dev.mayfly.service",
  specHash: "dev.mayfly.spec-hash",
  restart: "dev.mayfly.restart",
  kind: "dev.mayfly.kind",
  network: "dev.mayfly.network",
  volume: "dev.mayfly.volume",
  dataKey: "dev.mayfly.data-key",
  snapshot: "dev.mayfly.snapshot",
  repository: "dev.mayfly.repository",
  trust: "dev.mayfly.trust",
} as const;

export type Kind = "service" | "home" | "network" | "data" | "files" | "anchor" | "helper" | "image" | "snapshot";

export type Owner = { server: string; preview: string };

/** The labels of anything that belongs to one preview. */
export function previewLabels(owner: Owner, kind: Kind, generation: number): Record<string, string> {
  return {
    [labels.server]: owner.server,
    [labels.preview]: owner.preview,
    [labels.kind]: kind,
    [labels.generation]: String(generation),
  };
}

/** What Compose writes, so that `docker compose ls`, `ps` and `logs` work on our stacks. */
export function composeLabels(
  project: string,
  part: { service?: string; network?: string; volume?: string; hash?: string },
): Record<string, string> {
  return {
    "com.docker.compose.project": project,
    ...(part.service !== undefined && {
      "com.docker.compose.service": part.service,
      "com.docker.compose.container-number": "1",
      "com.docker.compose.oneoff": "False",
      "com.docker.compose.config-hash": part.hash ?? "",
      "com.docker.compose.project.config_files": "compose.yaml",
    }),
    ...(part.network !== undefined && { "com.docker.compose.network": part.network }),
    ...(part.volume !== undefined && { "com.docker.compose.volume": part.volume }),
  };
}

/** Images are shared caches: they name a repository, never a preview. */
export function imageLabels(owner: { server: string; repository: string; trust: string }): Record<string, string> {
  return {
    [labels.server]: owner.server,
    [labels.kind]: "image",
    [labels.repository]: owner.repository,
    [labels.trust]: owner.trust,
  };
}

/** Snapshots, and what builds them, are shared caches too; `dataKey` is the snapshot's. */
export function snapshotLabels(
  owner: { server: string; repository: string; trust: string; key: string },
  kind: "snapshot" | "helper",
): Record<string, string> {
  return {
    [labels.server]: owner.server,
    [labels.kind]: kind,
    [labels.repository]: owner.repository,
    [labels.trust]: owner.trust,
    [labels.dataKey]: owner.key,
  };
}

/** What a source gave, and what is made to mask it: no repository's, but the operator's own. */
export function editionLabels(
  owner: { server: string; key: string },
  kind: "snapshot" | "helper",
): Record<string, string> {
  return { [labels.server]: owner.server, [labels.kind]: kind, [labels.dataKey]: owner.key };
}

/** A label that people of the stack may not set themselves. */
export function isReservedLabel(key: string): boolean {
  return key.startsWith("dev.mayfly.") || key.startsWith("com.docker.");
}

/** The generation a label tells, or 0 when it tells none. */
export function parseGeneration(value: string | undefined): number {
  const generation = Number(value);
  return Number.isSafeInteger(generation) && generation > 0 ? generation : 0;
}
