/** A file that Git LFS keeps elsewhere: by the SHA-256 of its content. */
export type LfsObject = { oid: string; size: number };

/** Reads a pointer (git-lfs, docs/spec.md, "The Pointer"); null for anything else, and for one with extensions. */
export function parsePointer(text: string): LfsObject | null {
  const pointer =
    /^version https:\/\/git-lfs\.github\.com\/spec\/v1\r?\noid sha256:([0-9a-f]{64})\r?\nsize (0|[1-9]\d{0,14})\r?\n?$/;
  const [, oid, size] = pointer.exec(text) ?? [];
  return oid === undefined ? null : { oid, size: Number(size) };
}
